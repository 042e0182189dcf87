using System.Text.Json.Nodes;

namespace Berth.Server.Codespaces.Gate;

/// <summary>
/// What Berth itself gives the container, beside what the dev container tools ask for: a service of a compose file has it from there.
/// </summary>
/// <param name="MoreMounts">In the engine's form.</param>
/// <param name="Environment">Each as NAME=VALUE; what the tools ask for wins.</param>
/// <param name="Host">Fields of HostConfig; of maps single entries.</param>
/// <param name="Networking">Null leaves what the tools ask for.</param>
/// <param name="HostName">Null: the engine chooses.</param>
internal sealed record GateAdditions(
    JsonArray MoreMounts, IReadOnlyList<string> Environment, JsonObject Host, JsonObject? Networking, string? HostName)
{
    /// <summary>Its main process has a terminal; some images end at once without one.</summary>
    public bool Terminal { get; init; }

    /// <summary>The input of its main process stays open.</summary>
    public bool Input { get; init; }

    /// <param name="body">Of <c>POST /containers/create</c>, as it was accepted.</param>
    public void AddTo(JsonObject body)
    {
        var host = body["HostConfig"]!.AsObject();
        foreach (var mount in MoreMounts)
        {
            host["Mounts"]!.AsArray().Add(mount!.DeepClone());
        }

        foreach (var (name, value) in Host)
        {
            if (host[name] is JsonObject own && value is JsonObject more)
            {
                foreach (var (key, entry) in more)
                {
                    own[key] = entry?.DeepClone();
                }
            }
            else
            {
                host[name] = value?.DeepClone();
            }
        }

        var environment = body["Env"] as JsonArray ?? [];
        var names = environment.Select(entry => NameOf(entry!.GetValue<string>())).ToHashSet(StringComparer.Ordinal);
        foreach (var entry in Environment.Where(entry => !names.Contains(NameOf(entry))))
        {
            environment.Add(entry);
        }

        if (body["Env"] is null)
        {
            body["Env"] = environment;
        }

        if (Networking is not null)
        {
            body["NetworkingConfig"] = Networking.DeepClone();
        }

        if (HostName is not null)
        {
            body["Hostname"] = HostName;
        }

        if (Terminal)
        {
            body["Tty"] = true;
        }

        if (Input)
        {
            body["OpenStdin"] = true;
        }
    }

    private static string NameOf(string entry) => entry.Split('=', 2)[0];
}
