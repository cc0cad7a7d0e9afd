# Every target of ours is added through switchyard_library or switchyard_executable, so that
# warnings are errors and sanitizers apply everywhere without being repeated.

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Clones in other folders share the cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()

add_library(switchyard_flags INTERFACE)
target_compile_options(switchyard_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
# Two warnings GCC 12 gets wrong: uninitialized members where std::variant is moved at -O2, and
# overlapping copies where a literal is joined with a std::string (GCC bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(switchyard_flags INTERFACE -Wno-maybe-uninitialized -Wno-restrict)
endif()
# The stable_sort of GCC 12's library uses names that library calls deprecated, in clang's hearing.
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(switchyard_flags INTERFACE -Wno-deprecated-declarations)
endif()
target_include_directories(switchyard_flags INTERFACE
  ${PROJECT_SOURCE_DIR}/userspace ${PROJECT_SOURCE_DIR})
if(SWITCHYARD_SANITIZE)
  target_compile_options(switchyard_flags INTERFACE
    -fsanitize=${SWITCHYARD_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(switchyard_flags INTERFACE -fsanitize=${SWITCHYARD_SANITIZE})
  if(SWITCHYARD_SANITIZE STREQUAL "thread")
    # The sanitizer does not understand fences. Asio uses them besides its mutexes, not instead.
    target_compile_definitions(switchyard_flags INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
endif()

# switchyard_folder(NAME FOLDER [LINK lib …]): the static library of all sources in one folder.
function(switchyard_folder name folder)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC switchyard_flags ${ARG_LINK})
endfunction()

# switchyard_executable(NAME SOURCES a.cpp … [LINK lib …])
function(switchyard_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE switchyard_flags ${ARG_LINK})
endfunction()
