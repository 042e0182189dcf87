using Berth.Client.Wire;
using Berth.Server.Codespaces.Images;
using Berth.Server.Faults;
using Berth.Server.Oci;
using Berth.Server.Registries;
using Berth.Server.Registries.Remote;
using Berth.Server.Secrets.RegistryChecks;

namespace Berth.Server.Codespaces.Preflight;

/// <summary>
/// Asks about one reference what a start asks: which login applies, whether its registry allows it, its platforms, and its size.
/// </summary>
internal sealed class ResolveReference(RegistryAccess access)
{
    public async Task<PreflightReference> RunAsync(
        NamedReference named, StartCredentials start, Platform platform, MaskedLines lines, CancellationToken cancellationToken)
    {
        if (named.Image is not { } image)
        {
            // Only reading the features shows whether an archive can be fetched.
            var lies = named.Text.Contains("://", StringComparison.Ordinal) ? "it lies at that address" : "it lies in the repository";
            return Answer(named, CheckRegistry.Allowed, lies, []);
        }

        List<string> tried = [];
        start = start with { Log = (_, line) => tried.Add(lines.Clean(line)) };
        var remote = RemoteImage.Of(image);
        var set = start.Logins.ForImage(remote);
        PreflightReference answer;
        try
        {
            var allowed = await access.AuthoriseAsync(image, start, cancellationToken);
            var manifest = await access.DescribeAsync(allowed, named.Platform ?? platform, start, cancellationToken);
            answer = Answer(named, CheckRegistry.Allowed, lines.Clean(Describe(image, allowed)), tried) with
            {
                Login = LoginOf(image, allowed.By),
                Digest = allowed.Digest.Value,
                Platforms = manifest is null ? null : [.. manifest.Platforms.Select(offered => offered.ToString())],
                Size = manifest?.Size,
            };
            set = allowed.By is null && allowed.Rejected is null ? null : set;
        }
        catch (FaultException exception)
        {
            answer = Answer(named, CheckRegistry.Word(exception.Fault.Kind), lines.Clean(exception.Message), tried) with
            {
                Login = LoginOf(image, set?.Name),
            };
        }

        return answer with
        {
            Registry = remote.Host.Value,
            Prefix = set?.Prefix,
            Level = set?.Level.ToText(),
            OtherSets = start.ExplainUnusedLogins(remote) is { } words ? lines.Clean(words) : null,
        };
    }

    private string LoginOf(ImageReference image, string? by) => by ?? (access.IsOwn(image) ? "codespace" : "none");

    private static string Describe(ImageReference image, AuthorisedImage allowed) => allowed switch
    {
        { Rule: { } rule } => $"allowed to the codespace's token: {rule}",
        { By: { } by } => $"{image.Registry} allows it to {by}",
        { Rejected: { } rejected } => $"{image.Registry} allows it to everybody; {rejected}",
        _ => $"{image.Registry} allows it to everybody",
    };

    private static PreflightReference Answer(NamedReference named, string outcome, string message, List<string> tried) => new()
    {
        Kind = named.Kind,
        Where = named.Where,
        File = named.File,
        Line = named.Line,
        Reference = named.Text,
        Ok = outcome == CheckRegistry.Allowed,
        Outcome = outcome,
        Message = message,
        Tried = tried,
    };
}
