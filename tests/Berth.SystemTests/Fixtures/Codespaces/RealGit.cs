using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Git;
using Berth.Server.Codespaces.Networks;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Http;
using Berth.Server.Settings;
using Berth.SystemTests.Fixtures.Tools;
using Microsoft.Extensions.Configuration;

namespace Berth.SystemTests.Fixtures.Codespaces;

/// <summary>The machine's own git in the sandbox, which reaches servers of this machine.</summary>
internal sealed class RealGit : IDisposable
{
    private readonly SandboxedProcess _sandbox;
    private readonly Firewall _firewall;

    public RealGit(TemporaryFolder folder)
    {
        Requirement.Program("bwrap");
        var outgoing = new OutgoingOptions { AllowedNetworks = "127.0.0.1" };
        var data = new DataOptions { Data = folder.Create("data") };
        var tools = new CodespaceTools(new ConfigurationBuilder().AddEnvironmentVariables().Build());
        _sandbox = new SandboxedProcess(tools, TimeProvider.System);
        _firewall = new Firewall(
            tools, new CodespaceHost(data), data, new ListeningOptions(), new AddressOptions(), outgoing, TimeProvider.System);
        Git = new SandboxedGit(outgoing, new OutgoingNetworks(outgoing), tools, _firewall, _sandbox, TimeProvider.System);
        View = new SandboxView(SandboxUser.Next(), folder.Create("files")) { Home = folder.Create("home") };
    }

    public SandboxedGit Git { get; }

    public SandboxView View { get; }

    public void Dispose()
    {
        _sandbox.Dispose();
        _firewall.Dispose();
    }
}
