// SPDX-License-Identifier: Apache-2.0
#include "base/machine.h"

#include <dirent.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <limits>
#include <string>

namespace slipway {
namespace {

// CPUs by the quota of a cgroup, or infinity if it has none.
double quota_of(const std::string& folder) {
  constexpr double kNone = std::numeric_limits<double>::infinity();
  std::string quota;
  double period = 0;
  if (std::ifstream v2(folder + "/cpu.max"); v2 >> quota >> period) {
    return quota == "max" || period <= 0 ? kNone : std::strtod(quota.c_str(), nullptr) / period;
  }
  double quota_us = -1;
  std::ifstream(folder + "/cpu.cfs_quota_us") >> quota_us;
  std::ifstream(folder + "/cpu.cfs_period_us") >> period;
  return quota_us > 0 && period > 0 ? quota_us / period : kNone;
}

// The smallest quota from our own cgroup up to the root.
double granted_by_cgroup() {
  double least = std::min(quota_of("/sys/fs/cgroup"), quota_of("/sys/fs/cgroup/cpu"));
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const CgroupPath group = cgroup_path(line);
    for (std::string_view path = group.path; path.size() > 1; path = path.substr(0, path.rfind('/'))) {
      const std::string root = group.v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu";
      least = std::min(least, quota_of(root + std::string(path)));
    }
  }
  return least;
}

std::uint64_t count_descriptors() {
  std::uint64_t count = 0;
  DIR* folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  while (const dirent* entry = ::readdir(folder)) count += entry->d_name[0] != '.' ? 1 : 0;
  ::closedir(folder);
  return count - 1;  // the folder's own
}

// Field 22 of /proc/self/stat (clock ticks after boot), behind a command name that may hold spaces.
double start_time() {
  std::ifstream file("/proc/self/stat");
  std::string text;
  std::getline(file, text);
  const std::size_t close = text.rfind(')');
  if (close == text.npos) return 0;
  std::size_t at = close + 1;  // the space before field 3
  for (int field = 3; field < 22 && at != text.npos; ++field) at = text.find(' ', at + 1);
  if (at == text.npos) return 0;
  const double ticks = std::strtod(text.c_str() + at, nullptr);
  std::ifstream stat("/proc/stat");
  for (std::string line; std::getline(stat, line);) {
    if (line.starts_with("btime "))
      return std::strtod(line.c_str() + 6, nullptr) + ticks / double(::sysconf(_SC_CLK_TCK));
  }
  return 0;
}

}  // namespace

CgroupPath cgroup_path(std::string_view line) {
  const std::size_t first = line.find(':');
  const std::size_t second = first == line.npos ? first : line.find(':', first + 1);
  if (second == line.npos || !line.substr(second + 1).starts_with('/')) return {};
  const std::string controllers = "," + std::string(line.substr(first + 1, second - first - 1)) + ",";
  const bool v2 = controllers == ",,";
  if (!v2 && controllers.find(",cpu,") == controllers.npos) return {};
  return {.v2 = v2, .path = line.substr(second + 1)};
}

unsigned granted_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  double cpus = ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  cpus = std::min(cpus, std::ceil(granted_by_cgroup()));
  return std::max(1U, static_cast<unsigned>(cpus));
}

ProcessUsage process_usage() {
  ProcessUsage out;
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) { return double(time.tv_sec) + double(time.tv_usec) * 1e-6; };
  out.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  std::uint64_t pages = 0;
  std::uint64_t resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  const auto page = std::uint64_t(::sysconf(_SC_PAGESIZE));
  out.virtual_bytes = pages * page;
  out.resident_bytes = resident * page;
  out.open_descriptors = count_descriptors();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) out.most_descriptors = limit.rlim_cur;
  out.start_time_s = start_time();
  return out;
}

std::uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

}  // namespace slipway
