using System.Runtime.CompilerServices;
using Berth.Server.Faults;

namespace Berth.Tests.Faults;

public sealed class FaultTests
{
    [Fact]
    public void A_fault_is_shown_with_its_remedy_where_there_is_one()
    {
        Assert.Equal("it broke. Remedy: mend it", new Fault(FaultKind.Host, "it broke", "mend it").ToString());
        Assert.Equal("it broke", new FaultException(FaultKind.Host, "it broke").Message);
        Assert.Equal("it broke. Remedy: mend it", new FaultException(new Fault(FaultKind.Host, "it broke", "mend it")).Message);
    }

    [Fact]
    public void The_word_before_a_remedy_is_written_in_one_place()
    {
        var root = Path.Combine(ThisFolder(), "..", "..", "..", "src", "Berth.Server");
        var spelled = Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Where(file => File.ReadAllText(file).Contains(". Remedy: ", StringComparison.Ordinal))
            .Select(file => Path.GetRelativePath(root, file));
        Assert.Equal([Path.Combine("Faults", "Fault.cs")], spelled);
    }

    private static string ThisFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
