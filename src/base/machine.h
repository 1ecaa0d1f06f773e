// SPDX-License-Identifier: Apache-2.0
// What this process may use and does use. Linux.
#pragma once

#include <cstdint>
#include <string_view>

namespace slipway {

// CPUs that the affinity mask and the cgroup's quota (v2 and v1) grant, rounded up; at least 1. A container that may
// use half a CPU of 64 gets 1, not 64.
unsigned granted_cpus();

// Where a line of /proc/self/cgroup puts the process: "0::/a/b" (v2) or "4:cpu,cpuacct:/a/b" (v1, the cpu controller).
// The path may hold colons ("/pod.slice:cri-containerd:ID"). Empty for the lines of other controllers.
struct CgroupPath {
  bool v2 = false;
  std::string_view path;
};
CgroupPath cgroup_path(std::string_view line);

struct ProcessUsage {
  double cpu_seconds = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t open_descriptors = 0;
  std::uint64_t most_descriptors = 0;
  double start_time_s = 0;  // since 1970
};
// What cannot be read stays 0.
ProcessUsage process_usage();

// Raises the soft limit of open descriptors to the hard one; returns it.
std::uint64_t raise_descriptor_limit();

}  // namespace slipway
