using System.Text.Json;
using Berth.Server.Json;

namespace Berth.Server.Oci;

/// <summary>
/// The platform that an image runs on: <c>linux/amd64</c>, <c>linux/arm/v7</c> (image-spec, "platform" of an index and of a configuration).
/// </summary>
internal sealed record Platform(string System, string Architecture, string? Variant)
{
    private const int Longest = 40;

    /// <summary>The platform of an attestation, which runs on no machine.</summary>
    public bool IsUnknown => System == "unknown" && Architecture == "unknown";

    /// <summary>Null when it names no system or processor.</summary>
    public static Platform? Of(JsonElement element) =>
        Word(element, "os") is { } system && Word(element, "architecture") is { } architecture
            ? new Platform(system, architecture, Word(element, "variant")) : null;

    /// <summary>Null when the text is no platform.</summary>
    public static Platform? Parse(string text) => text.Split('/') switch
    {
        [{ Length: > 0 } system, { Length: > 0 } architecture] => new Platform(system, architecture, null),
        [{ Length: > 0 } system, { Length: > 0 } architecture, var variant, ..] => new Platform(system, architecture, variant),
        _ => null,
    };

    /// <summary>
    /// An image runs on a host with the same system and processor. A host without a stated variant accepts every variant.
    /// </summary>
    public bool RunsOn(Platform host) =>
        System == host.System && Architecture == host.Architecture && (Variant is null || host.Variant is null || Variant == host.Variant);

    public override string ToString() => $"{System}/{Architecture}{(Variant is null ? "" : "/" + Variant)}";

    /// <summary>Limits the text, because strangers write it and logs show it.</summary>
    private static string? Word(JsonElement element, string name) =>
        element.TextOf(name) is { Length: > 0 and < Longest } word && !word.Any(char.IsControl) ? word : null;
}
