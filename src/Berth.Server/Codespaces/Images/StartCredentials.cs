using Berth.Server.Access;
using Berth.Server.Registries;
using Berth.Server.Registries.Remote;

namespace Berth.Server.Codespaces.Images;

/// <summary>
/// The registry logins of one start: who starts, the codespace's token, the sets of secrets that apply, and what the creator may know of
/// all others. They are loaded once (<see cref="RegistryAccess.LoadAsync"/>), so that every image of the start is judged by the same
/// secrets.
/// </summary>
/// <param name="Known">The report on all sets, as far as the creator may know it.</param>
/// <param name="CanWrite">
/// Whether the creator can write to the repository. If not, the secrets of the repository and its organization are withheld.
/// </param>
/// <param name="Mask">Called with every value that no log may show.</param>
internal sealed record StartCredentials(
    CodespacePrincipal Principal, string Token, ResolvedLogins Logins, IReadOnlyList<LoginReport> Known, bool CanWrite,
    Action<string, string> Log, Action<string> Mask)
{
    private const int MostCauses = 3;

    /// <summary>Nothing is started, so there is no codespace and no token.</summary>
    public bool IsRehearsal => Token.Length == 0;

    public override string ToString() => $"the registry logins of {Principal.Name}";

    /// <summary>
    /// Explains why no set applies to an image, or which sets lose against the one that does. This is often the real cause of a failure.
    /// Null: there is nothing to explain.
    /// </summary>
    public string? ExplainUnusedLogins(RemoteImage image)
    {
        var (host, path, _) = image;
        var counts = Logins.Counting.Any(set => set.Server.Covers(host, path));
        var causes = Known
            .Where(report => report.Server is null ? !counts && report.Outcome != LoginOutcome.Counts : report.Server.Host == host)
            .Where(
                report => report.Outcome is not LoginOutcome.Counts
                    && (counts ? report.Outcome == LoginOutcome.Loses : report.Outcome != LoginOutcome.Loses))
            .Select(report => "the set " + report.Message)
            .Take(MostCauses)
            .ToList();
        if (!counts)
        {
            causes.InsertRange(
                0,
                Logins.Counting.Where(set => set.Server.Host == host)
                    .Select(set => $"the set {set.Name} counts below {set.Server} only")
                    .Take(MostCauses));
            if (!CanWrite)
            {
                causes.Add(Withheld);
            }
        }

        return causes.Count == 0 ? null : string.Join("; ", causes);
    }

    /// <summary>The words for withheld secrets. They do not reveal which secrets exist.</summary>
    public string Withheld =>
        $"secrets of {Principal.Repository} and its organization are withheld from {Principal.UserLogin}, who cannot write to it";
}
