using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Gate;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Gives the checkout to the remote user: git refuses to work in a folder that belongs to somebody else, and a remote user who is not root
/// could not write.
/// </summary>
internal sealed class ChownWorkspace(CodespaceTools tools, IContainerEngine engine, TimeProvider time)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(10);

    /// <exception cref="FaultException">The server may not.</exception>
    public async Task<StartContext> RunAsync(StartContext context, CancellationToken cancellationToken)
    {
        var user = context.Prepared.RemoteUser;
        var owner = Outside(
            RemoteUsers.NumbersOf(user) ?? await LookUpAsync(context, user, cancellationToken),
            (await engine.FactsAsync(cancellationToken)).FirstUser);
        var result = await ToolProcess.RunAsync(
            tools.Chown(), ["-R", "-h", owner, context.Workspace], new Dictionary<string, string>(), "/",
            line => context.Log.Write("workspace", line), Timeout, time, cancellationToken);
        return result.ExitCode == 0
            ? context
            : throw new FaultException(
                FaultKind.Host, $"the workspace cannot be given to {user}: the server must run as root for codespaces");
    }

    /// <summary>In the image's own list of users, which only a container shows; this one never runs.</summary>
    private async Task<string> LookUpAsync(StartContext context, string user, CancellationToken cancellationToken)
    {
        var body = new JsonObject
        {
            ["Image"] = context.Prepared.Image,
            ["Cmd"] = new JsonArray("true"),
            [
                "Labels"] = new JsonObject(
                    [
                        .. StartCodespace.LabelsOf(context.Codespace, context.Codespace.Host)
                        .Select(label => KeyValuePair.Create(label.Key, (JsonNode?)label.Value)),
                    ]),
            ["HostConfig"] = new JsonObject { ["NetworkMode"] = "none" },
        };
        var name = $"{GateScope.ContainerNameOf(context.Codespace.Name)}.users";
        await engine.RemoveAsync(name, cancellationToken);
        var container = await engine.CreateContainerAsync(name, body, cancellationToken);
        try
        {
            return RemoteUsers.NumbersOf(user, await engine.ReadFileAsync(container, "/etc/passwd", MaxUsersBytes, cancellationToken))
                ?? RemoteUsers.Usual;
        }
        finally
        {
            await engine.RemoveAsync(container, CancellationToken.None);
        }
    }

    private const int MaxUsersBytes = 256 * 1024;

    /// <summary>Where the engine remaps users, a container's user N is another one on the host.</summary>
    private static string Outside(string owner, int first) =>
        string.Join(':', owner.Split(':').Select(number => long.Parse(number) + first));
}
