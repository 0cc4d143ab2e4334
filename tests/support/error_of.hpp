#pragma once
#include <gtest/gtest.h>

#include <functional>

#include "annals/core/error.hpp"

namespace annals::tests {

/// The Error that `work` throws; fails the test when it throws none.
inline Error error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no Error was thrown";
  return Error{ErrorKind::failed, "none"};
}

}  // namespace annals::tests
