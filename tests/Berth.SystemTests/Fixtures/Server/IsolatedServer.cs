using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Tools;
using Berth.Tests.TestServer;

namespace Berth.SystemTests.Fixtures.Server;

/// <summary>
/// A Berth with isolated subdomains and its own wildcard certificate, and its own container engine. Only these two know its names.
/// </summary>
public sealed class IsolatedServer : IAsyncLifetime
{
    public const string Name = "berth.test";
    private readonly TemporaryFolder _folder = new();
    private PrivateNames? _names;
    private SecondEngine? _engine;
    private ServerProcess? _server;

    public ServerProcess Server => _server!;

    internal SecondEngine Engine => _engine!;

    /// <summary>A folder with the certificate that clients must trust: <c>ca.crt</c>, the name that container tools look for.</summary>
    public string CertificateFolder { get; private set; } = "";

    public string Certificate => Path.Combine(CertificateFolder, "ca.crt");

    public async ValueTask InitializeAsync()
    {
        Requirement.Program("skopeo");
        _names = await PrivateNames.StartAsync(Name, "containers." + Name, "npm." + Name);
        _engine = await SecondEngine.StartAsync(null, _names.Enter);
        var (certificate, key) = SelfSigned.Write(_folder.Path, Name, "*." + Name);
        CertificateFolder = _folder.Create("trusted");
        File.Copy(certificate, Certificate);
        _server = await ServerProcess.StartAtAsync(
            new ServerPlace(Name) { Enter = _names.Enter }, "isolated", null, "BERTH_SUBDOMAINS=true", $"BERTH_TLS_CERT_FILE={certificate}",
            $"BERTH_TLS_KEY_FILE={key}", $"BERTH_CA_FILE={certificate}", "BERTH_ALLOW_FILE_CLONE=true", _engine.Setting);
        await TrustAsync(Server.Images);
    }

    /// <summary>Lets its engine trust the server's certificate at this host too.</summary>
    public Task TrustAsync(string registry) => _names!.TrustAsync(registry, Certificate);

    public async ValueTask DisposeAsync()
    {
        foreach (var started in new IAsyncDisposable?[] { _server, _engine, _names })
        {
            await (started?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        _folder.Dispose();
    }
}
