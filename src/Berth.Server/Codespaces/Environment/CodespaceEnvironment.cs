using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Berth.Server.Codespaces.Gate;

namespace Berth.Server.Codespaces.Environment;

/// <summary>
/// What one start gives to the processes of its codespace. The filtered engine socket adds it to lifecycle commands, which the dev
/// container tools start.
/// </summary>
/// <param name="Ready">Puts the files into a container and opens what answers inside; told container and user. May be called often.</param>
internal sealed partial record CodespaceEnvironment(
    IReadOnlyDictionary<string, string> Variables, Func<string, string, CancellationToken, Task> Ready)
{
    /// <summary>
    /// Whose commands will come: for them everything is made ready as soon as the container runs. Null: when the first comes.
    /// </summary>
    public string? Expected { get; init; }

    /// <summary>A container has been started: all is made ready while the tools look around in it.</summary>
    public void Started(string container)
    {
        if (Expected is not null)
        {
            // Not waited for here; the first command does, and the end of the start, and they are told how it ended.
            _ = Ready(container, Expected, CancellationToken.None);
        }
    }

    /// <summary>Adds the environment to the start of a process, and has everything ready before it begins.</summary>
    /// <param name="call">A judged <c>POST /containers/{id}/exec</c>.</param>
    public async Task<GateCall> AddAsync(string container, GateCall call, CancellationToken cancellationToken)
    {
        var body = JsonNode.Parse(call.Body)!.AsObject();
        if (!IsForPeople(body))
        {
            return call;
        }

        await Ready(container, Text(body["User"]), cancellationToken);
        body["Env"] = Merge(body["Env"] as JsonArray ?? []);
        return call with { Body = JsonSerializer.SerializeToUtf8Bytes(body) };
    }

    /// <summary>Berth's come last and alone: of two variables with one name programs take either.</summary>
    private JsonArray Merge(JsonArray given)
    {
        var kept = given.Select(Text).Where(entry => !Variables.ContainsKey(entry.Split('=', 2)[0]));
        return new JsonArray(
            [.. kept.Concat(Variables.Select(variable => $"{variable.Key}={variable.Value}")).Select(entry => JsonValue.Create(entry))]);
    }

    /// <summary>
    /// Lifecycle commands run in a folder; the tools' own helpers do not, and their probe of the user's environment must not see a secret:
    /// what it sees becomes arguments of docker, which every user of this machine can list.
    /// </summary>
    private static bool IsForPeople(JsonObject body) =>
        Text(body["WorkingDir"]).Length > 0
        && !(body["Cmd"] is JsonArray { Count: > 0 } command && EnvironmentProbe().IsMatch(Text(command[^1])));

    private static string Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";

    /// <summary><c>userEnvProbe</c> as the dev container tools write it: between two prints of one random mark.</summary>
    [GeneratedRegex(
        "^echo -n (?<mark>[0-9a-f-]{36}); (cat /proc/self/environ|printenv); echo -n \\k<mark>$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex EnvironmentProbe();
}
