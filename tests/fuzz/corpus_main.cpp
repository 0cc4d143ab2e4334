// Gives each file of the folders that are named to a fuzz target: whole, each of its beginnings, and with each byte spoiled.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

constexpr std::uint8_t spoiled[] = {0x00, 0x01, 0x7F, 0x80, 0xFF};

int main(int argc, char** argv) {
  std::size_t files = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator{argv[i]}) {
      std::ifstream in{entry.path(), std::ios::binary};
      std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>{in}, {}};
      for (std::size_t size = 0; size <= bytes.size(); ++size) (void)LLVMFuzzerTestOneInput(bytes.data(), size);
      for (auto& byte : bytes) {
        const auto good = byte;
        for (const std::uint8_t bad : spoiled) {
          byte = bad;
          (void)LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
        }
        byte = good;
      }
      ++files;
    }
  }
  std::printf("%zu files\n", files);
  return files == 0 ? 1 : 0;
}
