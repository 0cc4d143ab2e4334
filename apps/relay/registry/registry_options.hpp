#pragma once
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace annals::relayd {

/// Which version of a schema a message is framed with.
enum class SchemaChoice {
  latest,      ///< the latest version that its subject has in the registry
  file,        ///< the one in schema_folder, which the registry must know
  registered,  ///< the one in schema_folder, which is registered when the registry does not know it
};

/// Where schemas are looked up, and how.
struct RegistryOptions {
  std::vector<std::string> urls = {};  ///< one after another until one answers; none: nothing is framed
  std::string ca_file = {};
  std::string certificate_file = {};  ///< PEM, with which the relay proves who it is; with its chain
  std::string key_file = {};          ///< of that certificate; only the relay may read it
  std::string auth_file = {};         ///< "user:password"
  std::string credentials = {};       ///< what it holds; secret
  SchemaChoice schemas = SchemaChoice::latest;
  std::string schema_folder = {};  ///< TYPE.proto, TYPE.json and TYPE.avsc

  std::chrono::milliseconds timeout{2'000};     ///< of one question
  std::chrono::milliseconds wait_max{5'000};    ///< without an answer for so long the relay begins anew
  std::chrono::milliseconds fresh_for{60'000};  ///< an answer of `latest`; then it is asked again
  std::size_t cache_entries_max = 1'000;
};

}  // namespace annals::relayd
