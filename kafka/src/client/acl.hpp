#pragma once
#include <string>
#include <string_view>

namespace annals::kafka {

// What a principal needs, as kafka-acls.sh takes it: an error that says it is missing names the right and not only the lack of it.

/// To publish to a topic.
[[nodiscard]] std::string acl_to_write(std::string_view topic);
/// To read a topic.
[[nodiscard]] std::string acl_to_read(std::string_view topic);
/// To be a member of a group.
[[nodiscard]] std::string acl_of_group(std::string_view group);
/// To publish in transactions under an id. One that ends with a UUID has siblings: the right is for all that begin so.
[[nodiscard]] std::string acl_of_transactions(std::string_view id);
/// To keep checkpoints in a topic.
[[nodiscard]] std::string acl_of_checkpoints(std::string_view topic);

}  // namespace annals::kafka
