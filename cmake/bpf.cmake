# switchyard_bpf(NAME SOURCE): the BPF object of one C file and its libbpf skeleton, as the header
# NAME.skel.h of the interface library NAME.

find_program(BPF_CLANG NAMES clang-19 REQUIRED)
find_program(BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin REQUIRED)
execute_process(COMMAND ${CMAKE_C_COMPILER} -print-multiarch
  OUTPUT_VARIABLE BPF_MULTIARCH OUTPUT_STRIP_TRAILING_WHITESPACE)
if(NOT BPF_MULTIARCH)
  set(BPF_MULTIARCH ${CMAKE_SYSTEM_PROCESSOR}-linux-gnu)
endif()
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64")
  set(BPF_ARCH arm64)
else()
  set(BPF_ARCH x86)
endif()
# A change of what both sides agree on is another layout.
file(SHA256 ${PROJECT_SOURCE_DIR}/bpf/abi.h SWITCHYARD_ABI_HASH)
string(SUBSTRING ${SWITCHYARD_ABI_HASH} 0 16 SWITCHYARD_ABI_HASH)
set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS bpf/abi.h)

function(switchyard_bpf name source)
  set(folder ${CMAKE_BINARY_DIR}/bpf/${name})
  set(object ${folder}/${name}.bpf.o)
  set(skeleton ${folder}/${name}.skel.h)
  file(MAKE_DIRECTORY ${folder})
  # -mcpu=v3: atomics and 32-bit jumps, which every kernel that is new enough otherwise has (5.12).
  add_custom_command(OUTPUT ${object}
    COMMAND ${BPF_CLANG} -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Werror -Wno-unused-function
            -D__TARGET_ARCH_${BPF_ARCH} -I ${PROJECT_SOURCE_DIR}
            -idirafter /usr/include/${BPF_MULTIARCH} -MD -MF ${object}.d -c ${source} -o ${object}
    DEPENDS ${source}
    DEPFILE ${object}.d
    COMMENT "Compiling ${name} for BPF" VERBATIM)
  add_custom_command(OUTPUT ${skeleton}
    COMMAND ${BPFTOOL} gen skeleton ${object} name ${name} > ${skeleton}
    DEPENDS ${object}
    COMMENT "Generating ${name}.skel.h")
  add_custom_target(${name}_skeleton DEPENDS ${skeleton})
  add_library(${name} INTERFACE)
  # Generated code follows its own rules, hence a system header.
  target_include_directories(${name} SYSTEM INTERFACE ${folder})
  target_link_libraries(${name} INTERFACE PkgConfig::BPF)
  target_compile_definitions(${name} INTERFACE SWITCHYARD_ABI_HASH=0x${SWITCHYARD_ABI_HASH})
  add_dependencies(${name} ${name}_skeleton)
endfunction()
