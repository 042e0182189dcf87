using System.Reflection;
using Berth.Server.Codespaces;
using Berth.Server.Settings;

namespace Berth.Tests.Codespaces;

public sealed class MachinesTests
{
    private const long GiB = 1L << 30;

    [Theory]
    [InlineData(null, 1, 2, "basicLinux32gb")]
    [InlineData(null, 2, 24, "basicLinux32gb")]
    [InlineData(null, 8, 15, "standardLinux32gb")]
    [InlineData(null, 64, 512, "xLargePremiumLinux")]
    [InlineData("premiumLinux", 64, 512, "premiumLinux")]
    [InlineData("premiumLinux", 4, 16, "standardLinux32gb")]
    public void The_host_and_the_setting_say_which_machines_there_are(string? largest, int cpus, int memory, string expected)
    {
        var offered = Machines.Offer(largest, cpus, memory * GiB);
        Assert.Equal("basicLinux32gb", offered[0].Name);
        Assert.Equal(expected, offered[^1].Name);
    }

    [Fact]
    public void The_setting_takes_the_name_of_every_machine()
    {
        var rule = typeof(CodespaceOptions).GetProperty(nameof(CodespaceOptions.LargestMachine))!.GetCustomAttribute<OneOfAttribute>()!;
        Assert.Equal(rule.Words, Machines.Offer(null, 1000, 1000 * GiB).Select(machine => machine.Name));
    }

    [Fact]
    public void A_codespace_whose_machine_is_no_longer_offered_gets_the_largest_that_is()
    {
        var machines = new Machines(new CodespaceOptions { LargestMachine = "basicLinux32gb" });
        Assert.Equal("basicLinux32gb", machines.Of(new Codespace { Machine = "largePremiumLinux" }).Name);
        Assert.Equal("basicLinux32gb", machines.Of(new Codespace { Machine = "standardLinux" }).Name);
        Assert.Null(machines.Find("largePremiumLinux"));
    }

    [Fact]
    public void The_engine_is_asked_for_no_more_cores_than_the_host_has() =>
        Assert.InRange(Machines.LimitsOf(new Machine("xLargePremiumLinux", 32, 128 * GiB, GiB)).Cpus, 1, System.Environment.ProcessorCount);

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(21)]
    [InlineData(100)]
    public void All_services_together_have_no_more_than_the_machine(int services)
    {
        var machine = new MachineLimits(2, 8 * GiB, 4096);
        var (main, one) = (machine.BesideServices(services), machine.OfService(services));
        Assert.InRange(main.Processes + (services * one.Processes), 1, machine.Processes);
        Assert.InRange(main.MemoryBytes + (services * one.MemoryBytes), 1, machine.MemoryBytes);

        // The engine would read zero as no limit.
        Assert.InRange(one.Processes, 1, machine.Processes);
    }

    [Fact]
    public void A_machine_is_shared_by_the_container_and_its_services()
    {
        var machine = new MachineLimits(2, 9L << 30, 900);
        Assert.Equal(machine, machine.BesideServices(0));
        Assert.Equal(new MachineLimits(2 - (2 / 3.0), 6L << 30, 600), machine.BesideServices(3) with { Cpus = 2 - (2 / 3.0) });
        Assert.InRange(machine.BesideServices(3).MemoryBytes + (3 * machine.OfService(3).MemoryBytes), (9L << 30) - 8, 9L << 30);
    }
}
