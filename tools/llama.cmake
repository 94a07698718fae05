# Included where the project of llama-cpp-python begins. llama.cpp's common library, which its own programs use and this
# package does not, takes more than half of the time to compile; llama-cpp-python has no option that leaves it out.
set(LLAMA_BUILD_COMMON OFF)
