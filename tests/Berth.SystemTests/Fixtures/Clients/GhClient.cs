using System.Text.Json;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;
using Berth.Tests.TestServer;

namespace Berth.SystemTests.Fixtures.Clients;

/// <summary>GitHub's own command line with a server that uses https, which gh requires.</summary>
internal sealed class GhClient(TemporaryFolder folder, Person person)
{
    /// <summary>Starts a server that gh accepts. Its certificate is in the folder.</summary>
    public static Task<ServerProcess> ServerAsync(TemporaryFolder folder, string name)
    {
        Requirement.Program("gh");
        var (certificate, key) = SelfSigned.Write(folder.Path);
        return ServerProcess.StartAsync(name, null, $"BERTH_TLS_CERT_FILE={certificate}", $"BERTH_TLS_KEY_FILE={key}");
    }

    public Command Command(string command)
    {
        var gh = new Command("gh", command);
        foreach (var (name, value) in new[]
        {
            ("GH_CONFIG_DIR", folder.Create($"gh-{person.Login}")), ("GH_HOST", person.Server.Host), ("GH_ENTERPRISE_TOKEN", person.Token),
            ("SSL_CERT_FILE", folder["cert.pem"]),
        })
        {
            gh.Environment[name] = value;
        }

        return gh;
    }

    /// <summary>Runs <c>gh api</c>. The path is relative to the API's root.</summary>
    public async Task<JsonElement> ApiAsync(string method, string path, params string[] more)
    {
        var output = await Command("api").RunAsync(["-X", method, path, .. more]);
        return output.Text.Trim().Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(output.Text);
    }

    /// <summary>The lines that it prints through <c>--jq</c>.</summary>
    public async Task<string[]> LinesAsync(string path, string jq) =>
        (await Command("api").RunAsync(path, "--jq", jq)).Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>What it prints about a refusal.</summary>
    public async Task<string> RefusedAsync(string method, string path, params string[] more) =>
        (await Command("api").RefusedAsync(["-X", method, path, .. more])).All;
}
