using Berth.Client.Wire;
using Berth.Server.Faults;
using Berth.Server.Registries;
using Berth.Server.Registries.Remote;

namespace Berth.Server.Secrets.RegistryChecks;

/// <summary>
/// Tries registry logins before somebody needs them. It does what <c>docker login</c> does, and for an image the beginning of a pull. It
/// pulls and stores nothing.
/// </summary>
internal sealed class CheckRegistry(ExchangeLogin logins, RegistryClient registries)
{
    /// <summary>The API's word for an outcome that is no fault.</summary>
    public const string Allowed = "allowed";

    /// <summary>The limit of registries that one check asks.</summary>
    private const int MostSets = 20;

    private sealed record Found(string Message, RemoteManifest? Manifest);

    /// <summary>Checks a login as somebody typed it.</summary>
    public async Task<RegistryCheckReport> TypedAsync(RegistryServer server, string? user, string? password, RemoteImage? image,
        CancellationToken cancellationToken)
    {
        var check = user is null || password is null
            ? await WithoutLoginAsync(server, image, cancellationToken)
            : await OfSetAsync(
                new LoginSecrets
                {
                    Prefix = "",
                    Level = SecretLevel.User,
                    Server = server,
                    User = user,
                    Password = password,
                    Version = "typed",
                },
                "the given login", image, cancellationToken);
        return Report([check], []);
    }

    /// <summary>Checks the sets that count.</summary>
    /// <param name="prefix">Only this set. Null: all sets.</param>
    /// <param name="image">The image that the logins should be able to pull. Null: only the logins are tried.</param>
    public async Task<RegistryCheckReport> SetsAsync(
        ResolvedLogins resolved, IReadOnlyList<LoginReport> known, string? prefix, RemoteImage? image, CancellationToken cancellationToken)
    {
        var chosen = (image is null ? resolved.Counting : resolved.ForImage(image) is { } one ? [one] : [])
            .Where(set => prefix is null || set.Prefix == prefix).Take(MostSets);
        List<RegistryCheck> checks = [.. await Task.WhenAll(chosen.Select(set => OfSetAsync(set, set.Name, image, cancellationToken)))];
        if (image is not null && checks.Count == 0 && prefix is null)
        {
            checks.Add(await WithoutLoginAsync(new RegistryServer(image.Host, ""), image, cancellationToken));
        }

        return Report(checks, known.Where(line => prefix is null || line.Prefix == prefix));
    }

    private async Task<RegistryCheck> OfSetAsync(LoginSecrets set, string name, RemoteImage? image, CancellationToken cancellationToken)
    {
        List<(string Login, RemoteAnswer<Found> Answer)> tried = [(name, await TryAsync(set, image, cancellationToken))];
        if (image is not null && tried[0].Answer.Fault is { IsLoginRejected: true })
        {
            // As at a start, try once without a login when the login was rejected.
            tried.Add(("none", await AskAsync(set.Server, image, null, cancellationToken)));
        }

        var check = Check(set.Server, tried, image);
        return set.Prefix.Length == 0 ? check : check with { Prefix = set.Prefix, Level = set.Level.ToText() };
    }

    private async Task<RegistryCheck> WithoutLoginAsync(RegistryServer server, RemoteImage? image, CancellationToken cancellationToken) =>
        Check(server, [("none", await AskAsync(server, image, null, cancellationToken))], image);

    private async Task<RemoteAnswer<Found>> TryAsync(LoginSecrets set, RemoteImage? image, CancellationToken cancellationToken)
    {
        try
        {
            return await AskAsync(set.Server, image, await logins.LoginAsync(set, cancellationToken), cancellationToken);
        }
        catch (FaultException exception)
        {
            return RemoteAnswer<Found>.Of(exception.Fault);
        }
    }

    private async Task<RemoteAnswer<Found>> AskAsync(
        RegistryServer server, RemoteImage? image, RegistryLogin? login, CancellationToken cancellationToken)
    {
        if (image is null)
        {
            var greeted = await registries.LoginAsync(server.Host, login, offline: false, cancellationToken);
            return greeted.Select(answer => new Found(answer.Message, null));
        }

        var described = await registries.DescribeAsync(image, login, null, cancellationToken);
        return described.Select(manifest => new Found($"{image.Host} allows {image}", manifest));
    }

    /// <summary>The result is the first answer, which is about the login. A later success without the login does not change it.</summary>
    private static RegistryCheck Check(RegistryServer server, List<(string Login, RemoteAnswer<Found> Answer)> tried, RemoteImage? image)
    {
        var first = tried[0].Answer;
        var found = tried.Select(attempt => attempt.Answer.Value?.Manifest).FirstOrDefault(manifest => manifest is not null);
        return new RegistryCheck
        {
            Registry = server.Host.Value,
            Outcome = Outcome(first),
            Message = Describe(first) + (tried.Count > 1 && tried[^1].Answer.Ok ? "; without a login the image is allowed" : ""),
            Image = image?.ToString(),
            Digest = found?.Digest.Value,
            Platforms = found is null ? null : [.. found.Platforms.Select(platform => platform.ToString())],
            Size = found?.Size,
            Tried = [.. tried.Select(attempt => new RegistryAttempt(attempt.Login, Outcome(attempt.Answer), Describe(attempt.Answer)))],
        };
    }

    private static string Outcome(RemoteAnswer<Found> answer) => answer.Ok ? Allowed : Word(answer.Fault.Kind);

    private static string Describe(RemoteAnswer<Found> answer) => answer.Ok ? answer.Value.Message : answer.Fault.Message;

    private static RegistryCheckReport Report(List<RegistryCheck> checks, IEnumerable<LoginReport> known) => new()
    {
        Ok = checks.Count > 0 && checks.TrueForAll(check => check.Outcome == Allowed),
        Checks = checks,
        Sets = SetsOf(known),
    };

    public static List<RegistrySetReport> SetsOf(IEnumerable<LoginReport> known) =>
    [
        .. known.Select(line => new RegistrySetReport
        {
            Prefix = line.Prefix,
            Level = line.Level.ToText(),
            Outcome = Word(line.Outcome),
            Message = line.Message,
            Registry = line.Server?.ToString(),
        }),
    ];

    /// <summary>The value as the API spells it: <c>wrong_password</c>.</summary>
    public static string Word<T>(T value)
        where T : struct, Enum =>
        System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
