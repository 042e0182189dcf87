using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Json;

namespace Berth.Server.Codespaces.Images;

/// <summary>One entry of docker's configuration.</summary>
/// <param name="Key">The host as images name it. For Docker Hub it is the old URL.</param>
/// <param name="IdentityToken">Replaces user and password if the registry issues such tokens. The password is not written then.</param>
/// <param name="RefreshAt">When to ask for the next token, at half of its life. Null: it is valid as long as the codespace runs.</param>
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

/// <summary>
/// The logins of a codespace, in the form that docker and its relatives read (skopeo, buildah, oras, the dev container tools).
/// </summary>
internal sealed record DockerLogins(IReadOnlyList<DockerLogin> Logins)
{
    /// <summary>When the file has to be written again. Null: not while the codespace runs.</summary>
    public DateTimeOffset? RefreshAt => Logins.Min(login => login.RefreshAt);

    /// <summary>The text of config.json.</summary>
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
    /// Merges the logins into an existing file. Entries that Berth wrote before are replaced, and a person's own login wins over Berth's. A
    /// file that cannot be read is replaced as a whole.
    /// </summary>
    /// <param name="existing">Null: there is no file.</param>
    /// <param name="before">What Berth wrote the last time. Null: nothing.</param>
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
