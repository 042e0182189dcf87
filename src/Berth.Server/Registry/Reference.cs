using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Berth.Server.Http;
using Berth.Server.Oci;

namespace Berth.Server.Registry;

/// <summary>A tag or a digest, as it stands in a manifest's URL.</summary>
internal sealed partial record Reference
{
    private Reference(string? tag, Digest? digest)
    {
        Tag = tag;
        Digest = digest;
    }

    /// <summary>Null for a digest.</summary>
    public string? Tag { get; }

    /// <summary>Null for a tag.</summary>
    public Digest? Digest { get; }

    public override string ToString() => Tag ?? Digest!.Value;

    /// <summary>What has a colon is meant as a digest: tags have none.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Reference? reference, [NotNullWhen(false)] out ApiError? error)
    {
        reference = null;
        error = null;
        if (text.Contains(':', StringComparison.Ordinal))
        {
            if (Oci.Digest.TryParse(text, out var digest))
            {
                reference = new Reference(null, digest);
                return true;
            }

            error = RegistryErrors.DigestInvalid.With(RegistryErrors.DigestRule);
            return false;
        }

        if (IsTag(text))
        {
            reference = new Reference(text, null);
            return true;
        }

        error = RegistryErrors.TagInvalid.With(RegistryErrors.TagRule);
        return false;
    }

    /// <summary>distribution-spec, "Pulling manifests": at most 128 characters.</summary>
    public static bool IsTag(string text) => TagGrammar().IsMatch(text);

    [GeneratedRegex(@"^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}\z", RegexOptions.NonBacktracking)]
    private static partial Regex TagGrammar();
}
