using Berth.Server.Codespaces.Prebuilds;

namespace Berth.Tests.Codespaces.Prebuilds;

/// <summary>Which prebuilds are deleted.</summary>
public sealed class TrimPrebuildsTests
{
    private static readonly Dictionary<long, long> Kept = new() { [1] = 2, [2] = 1 };

    [Fact]
    public void Each_configuration_keeps_its_newest() => Assert.Equal(
        [3, 2], Gone(100, Ready(6, 1), Ready(5, 2), Ready(4, 1), Ready(3, 1), Ready(2, 2)));

    [Fact]
    public void One_that_is_made_now_or_failed_counts_for_nothing() => Assert.Equal(
        [1], Gone(100, new Prebuild { Id = 9, ConfigurationId = 1 }, Ready(3, 1), Ready(2, 1), Ready(1, 1)));

    [Fact]
    public void What_nobody_prebuilds_any_more_goes_whatever_its_state() => Assert.Equal(
        [8, 7, 6], Gone(100, new Prebuild { Id = 8 }, Ready(7, 3), new Prebuild { Id = 6, ConfigurationId = 4 }, Ready(5, 1)));

    [Fact]
    public void The_oldest_go_while_all_take_too_much() => Assert.Equal(
        [3, 2], Gone(25, Ready(5, 1), Ready(4, 2), Ready(3, 1), Ready(2, 1)));

    private static List<long> Gone(long mostBytes, params Prebuild[] all) =>
        [.. TrimPrebuilds.Beyond(all, Kept, mostBytes).Select(prebuild => prebuild.Id)];

    private static Prebuild Ready(long id, long configuration) => new()
    {
        Id = id,
        ConfigurationId = configuration,
        ReadyAt = DateTimeOffset.UnixEpoch,
        ImageBytes = 4,
        WorkspaceBytes = 6,
    };
}
