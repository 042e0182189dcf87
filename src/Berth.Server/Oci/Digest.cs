using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Berth.Server.Oci;

/// <summary>
/// <c>sha256:HEX</c> or <c>sha512:HEX</c>, with hexadecimal digits in lower case. These are the two algorithms that image-spec registers
/// (descriptor.md, "Registered algorithms"). Others are not accepted.
/// </summary>
internal sealed record Digest
{
    internal static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");

    /// <summary>The grammar in words.</summary>
    public const string Rule = "a digest is sha256: and 64, or sha512: and 128 hexadecimal digits in lower case";

    public const string Sha256 = "sha256";
    public const string Sha512 = "sha512";

    private Digest(string algorithm, string value)
    {
        Algorithm = algorithm;
        Value = value;
    }

    public string Algorithm { get; }

    public string Value { get; }

    public string Hex => Value[(Algorithm.Length + 1)..];

    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Digest? digest)
    {
        var algorithm = text switch
        {
            null => null,
            _ when text.StartsWith("sha256:", StringComparison.Ordinal) && text.Length == 7 + 64 => Sha256,
            _ when text.StartsWith("sha512:", StringComparison.Ordinal) && text.Length == 7 + 128 => Sha512,
            _ => null,
        };
        digest = algorithm is not null && text.AsSpan(7).IndexOfAnyExcept(LowerHex) < 0 ? new Digest(algorithm, text!) : null;
        return digest is not null;
    }

    public static bool IsAlgorithm(string? name) => name is Sha256 or Sha512;

    public static Digest Of(string algorithm, ReadOnlySpan<byte> hash) => new(algorithm, $"{algorithm}:{Convert.ToHexStringLower(hash)}");

    public static Digest OfContent(string algorithm, ReadOnlySpan<byte> content) =>
        Of(algorithm, algorithm == Sha512 ? SHA512.HashData(content) : SHA256.HashData(content));

    public static IncrementalHash Begin(string algorithm) =>
        IncrementalHash.CreateHash(algorithm == Sha512 ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256);

    public override string ToString() => Value;
}
