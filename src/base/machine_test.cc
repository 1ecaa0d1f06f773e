// SPDX-License-Identifier: Apache-2.0
#include "base/machine.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <chrono>

namespace slipway {
namespace {

TEST(GrantedCpus, FollowsTheAffinityMask) {
  cpu_set_t before;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  EXPECT_LE(granted_cpus(), unsigned(CPU_COUNT(&before)));
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu) {
    if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
  }
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(granted_cpus(), 1u);
  ::sched_setaffinity(0, sizeof before, &before);
}

// A colon in the path once ended the program at its start.
TEST(CgroupPath, MayHoldColons) {
  EXPECT_EQ(cgroup_path("0::/kubelet/pod.slice:cri-containerd:abc").path, "/kubelet/pod.slice:cri-containerd:abc");
  EXPECT_TRUE(cgroup_path("0::/a").v2);
  EXPECT_EQ(cgroup_path("4:cpu,cpuacct:/docker/x:y").path, "/docker/x:y");
  EXPECT_FALSE(cgroup_path("4:cpu,cpuacct:/docker").v2);
  EXPECT_EQ(cgroup_path("5:cpuset:/docker").path, "");
  EXPECT_EQ(cgroup_path("1:name=systemd:/").path, "");
  EXPECT_EQ(cgroup_path("").path, "");
  EXPECT_EQ(cgroup_path("0::relative").path, "");
}

TEST(ProcessUsage, SeesThisProcess) {
  const ProcessUsage usage = process_usage();
  EXPECT_GT(usage.cpu_seconds, 0);
  EXPECT_GT(usage.resident_bytes, 100'000u);
  EXPECT_GE(usage.virtual_bytes, usage.resident_bytes);
  EXPECT_GE(usage.open_descriptors, 3u);
  EXPECT_GT(usage.most_descriptors, usage.open_descriptors);
  const double now = double(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count());
  EXPECT_NEAR(usage.start_time_s, now, 3600);
}

}  // namespace
}  // namespace slipway
