// Boost.JSON is used from its headers; this is its one translation unit.
#include <boost/json/src.hpp>
