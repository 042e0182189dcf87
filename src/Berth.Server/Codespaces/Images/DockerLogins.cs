using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Json;

namespace Berth.Server.Codespaces.Images;

/// <summary>One entry of docker's configuration.</summary>
/// <param name="Key">The host as images name it; for Docker Hub the URL of old.</param>
/// <param name="IdentityToken">Stands for user and password where the registry gives such; the password is not told then.</param>
/// <param name="RefreshAt">When to ask for the next one, at half of its life; null for what lives as long as the codespace runs.</param>
internal sealed record DockerLogin(string Key, string User, string Password, string? IdentityToken, DateTimeOffset? RefreshAt)
{
    public JsonObject ToJson()
    {
        var entry = new JsonObject
        {
            ["auth"] = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{(IdentityToken is null ? Password : "")}")),
        };
        if (IdentityToken is not null)
        {
            entry["identitytoken"] = IdentityToken;
        }

        return entry;
    }

    public override string ToString() => $"{User} at {Key}";
}

/// <summary>The logins of a codespace as docker and its relatives (skopeo, buildah, oras, the dev container tools) read them.</summary>
internal sealed record DockerLogins(IReadOnlyList<DockerLogin> Logins)
{
    /// <summary>When the file has to be written anew; null: never while the codespace runs.</summary>
    public DateTimeOffset? RefreshAt => Logins.Min(login => login.RefreshAt);

    /// <summary>config.json.</summary>
    public string ToJson()
    {
        var hosts = new JsonObject();
        foreach (var login in Logins)
        {
            hosts[login.Key] = login.ToJson();
        }

        return new JsonObject { ["auths"] = hosts }.ToJsonString();
    }

    /// <summary>
    /// The same, over what is there already: entries that Berth wrote before are replaced, and a person's own login wins over Berth's. What
    /// cannot be read is replaced whole.
    /// </summary>
    /// <param name="existing">The file as it is; null: there is none.</param>
    /// <param name="before">What Berth wrote the last time; null: nothing.</param>
    public string MergeInto(string? existing, DockerLogins? before)
    {
        if (Read(existing) is not { } root)
        {
            return ToJson();
        }

        if (root["auths"] is not JsonObject hosts)
        {
            root["auths"] = hosts = [];
        }

        foreach (var old in before?.Logins ?? [])
        {
            if (JsonNode.DeepEquals(hosts[old.Key], old.ToJson()))
            {
                hosts.Remove(old.Key);
            }
        }

        foreach (var login in Logins.Where(login => !hosts.ContainsKey(login.Key)))
        {
            hosts[login.Key] = login.ToJson();
        }

        return root.ToJsonString();
    }

    private static JsonObject? Read(string? text)
    {
        try
        {
            return string.IsNullOrWhiteSpace(text)
                ? null
                : OutsideJson.ParseNode(text, new JsonDocumentOptions { AllowDuplicateProperties = false }) as JsonObject;
        }
        catch (OutsideJsonException)
        {
            return null;
        }
    }
}
