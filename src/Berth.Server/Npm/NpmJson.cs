using System.Text.Json.Serialization;

namespace Berth.Server.Npm;

/// <summary>The answer to a change. npm reads only the status.</summary>
internal sealed record NpmDone([property: JsonPropertyName("ok")] bool Ok, [property: JsonPropertyName("id")] string Id);

/// <summary>The caller's name in the registry.</summary>
internal sealed record NpmUser([property: JsonPropertyName("username")] string UserName);

/// <summary>The answer to npm's legacy login.</summary>
internal sealed record NpmLogin(
    [property: JsonPropertyName("ok")] bool Ok,
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("token")] string Token);

/// <summary>Where a person confirms a login, and where the client asks for the result.</summary>
internal sealed record NpmWebLogin(
    [property: JsonPropertyName("loginUrl")] string LoginUrl,
    [property: JsonPropertyName("doneUrl")] string DoneUrl);

internal sealed record NpmWebToken([property: JsonPropertyName("token")] string Token);

/// <summary>The answer to an exchange of an ID token (npm/registry, "trusted publishing").</summary>
internal sealed record NpmExchanged(
    [property: JsonPropertyName("token_type")] string TokenType,
    [property: JsonPropertyName("token")] string Token,
    [property: JsonPropertyName("created")] DateTimeOffset Created,
    [property: JsonPropertyName("expires")] DateTimeOffset Expires);

/// <summary>The caller's own account.</summary>
internal sealed record NpmProfile
{
    [JsonPropertyName("tfa")]
    public bool SecondFactor { get; init; }

    [JsonPropertyName("name")]
    public required string Name { get; init; }

    [JsonPropertyName("email")]
    public required string Email { get; init; }

    [JsonPropertyName("email_verified")]
    public bool EmailVerified { get; init; }

    [JsonPropertyName("fullname")]
    public required string FullName { get; init; }

    [JsonPropertyName("created")]
    public required DateTimeOffset Created { get; init; }

    [JsonPropertyName("updated")]
    public required DateTimeOffset Updated { get; init; }
}

/// <summary>A personal token. <c>token</c> is its value if it was just made, and otherwise the prefix of every personal token.</summary>
internal sealed record NpmToken
{
    [JsonPropertyName("token")]
    public required string Token { get; init; }

    [JsonPropertyName("key")]
    public required string Key { get; init; }

    [JsonPropertyName("name")]
    public string Name { get; init; } = "";

    [JsonPropertyName("created")]
    public required DateTimeOffset Created { get; init; }

    /// <summary>npm's word for a token that cannot publish.</summary>
    [JsonPropertyName("readonly")]
    public required bool ReadOnly { get; init; }

    [JsonPropertyName("cidr_whitelist")]
    public IReadOnlyList<string>? Networks { get; init; }

    [JsonPropertyName("expires")]
    public DateTimeOffset? Expires { get; init; }

    [JsonPropertyName("scopes")]
    public required IReadOnlyList<string> Scopes { get; init; }

    [JsonPropertyName("packages")]
    public IReadOnlyList<string>? Packages { get; init; }
}

internal sealed record NpmTokenList(
    [property: JsonPropertyName("objects")] IReadOnlyList<NpmToken> Objects,
    [property: JsonPropertyName("total")] int Total,
    [property: JsonPropertyName("urls")] NpmPages Urls);

/// <summary>Says that a list has no further page, since it is complete.</summary>
internal sealed record NpmPages;

/// <summary>A new member of an organization, in npm's form.</summary>
internal sealed record NpmMembership(
    [property: JsonPropertyName("org")] NpmOrganization Organization,
    [property: JsonPropertyName("user")] string User,
    [property: JsonPropertyName("role")] string Role);

internal sealed record NpmOrganization(
    [property: JsonPropertyName("name")] string Name, [property: JsonPropertyName("size")] long Size);

/// <summary>The part of a packument that <c>npm owner</c> reads.</summary>
internal sealed record NpmOwned(
    [property: JsonPropertyName("_id")] string Id,
    [property: JsonPropertyName("_rev")] string Revision,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("maintainers")] IReadOnlyList<NpmMaintainer> Maintainers);

internal sealed record NpmMaintainer(
    [property: JsonPropertyName("name")] string Name, [property: JsonPropertyName("email")] string Email);

[JsonSerializable(typeof(NpmDone))]
[JsonSerializable(typeof(NpmUser))]
[JsonSerializable(typeof(NpmLogin))]
[JsonSerializable(typeof(NpmWebLogin))]
[JsonSerializable(typeof(NpmWebToken))]
[JsonSerializable(typeof(NpmExchanged))]
[JsonSerializable(typeof(NpmProfile))]
[JsonSerializable(typeof(NpmToken))]
[JsonSerializable(typeof(NpmTokenList))]
[JsonSerializable(typeof(NpmMembership))]
[JsonSerializable(typeof(NpmOwned))]
[JsonSerializable(typeof(NpmMaintainer))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
internal sealed partial class NpmJson : JsonSerializerContext;
