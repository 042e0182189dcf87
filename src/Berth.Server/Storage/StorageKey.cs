using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Berth.Server.Oci;

namespace Berth.Server.Storage;

/// <summary>
/// Names the bytes of one upload, before and after it is finished: 32 hexadecimal digits, random and never used again. It is also the
/// upload's id in its URL, so it must be impossible to guess.
/// </summary>
internal readonly record struct StorageKey
{
    private const int Length = 32;
    private readonly string? _value;

    private StorageKey(string value) => _value = value;

    public string Value => _value ?? throw new InvalidOperationException("no storage key");

    public static StorageKey New() => new(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Length / 2)));

    public static bool TryParse([NotNullWhen(true)] string? text, out StorageKey key)
    {
        var valid = text is { Length: Length } && text.AsSpan().IndexOfAnyExcept(Digest.LowerHex) < 0;
        key = valid ? new StorageKey(text!) : default;
        return valid;
    }

    public static StorageKey Parse(string text) => TryParse(text, out var key) ? key : throw new FormatException("not a storage key");

    public override string ToString() => Value;
}
