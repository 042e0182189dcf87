using System.Text.Json.Serialization;

namespace Berth.Server.Npm;

/// <summary>A change was made; npm reads the status alone.</summary>
internal sealed record NpmDone([property: JsonPropertyName("ok")] bool Ok, [property: JsonPropertyName("id")] string Id);

/// <summary>Who one is to the registry.</summary>
internal sealed record NpmUser([property: JsonPropertyName("username")] string UserName);

/// <summary>The answer to npm's legacy login.</summary>
internal sealed record NpmLogin(
    [property: JsonPropertyName("ok")] bool Ok,
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("token")] string Token);

/// <summary>The answer to an exchange of an ID token (npm/registry, "trusted publishing").</summary>
internal sealed record NpmExchanged(
    [property: JsonPropertyName("token_type")] string TokenType,
    [property: JsonPropertyName("token")] string Token,
    [property: JsonPropertyName("created")] DateTimeOffset Created,
    [property: JsonPropertyName("expires")] DateTimeOffset Expires);

[JsonSerializable(typeof(NpmDone))]
[JsonSerializable(typeof(NpmUser))]
[JsonSerializable(typeof(NpmLogin))]
[JsonSerializable(typeof(NpmExchanged))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
internal sealed partial class NpmJson : JsonSerializerContext;
