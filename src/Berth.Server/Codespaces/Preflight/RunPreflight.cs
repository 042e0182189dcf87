using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Codespaces.Features;
using Berth.Server.Codespaces.Git;
using Berth.Server.Codespaces.Images;
using Berth.Server.Codespaces.Permissions;
using Berth.Server.Codespaces.Plans;
using Berth.Server.Faults;
using Berth.Server.Oci;
using Berth.Server.Secrets.RegistryChecks;

namespace Berth.Server.Codespaces.Preflight;

/// <summary>
/// A rehearsal of a start. It clones and reads the repository as a start does, and asks every registry about everything that the
/// configuration names. Nothing is pulled, built or kept. A refused reference does not stop the others, so that a person can correct
/// everything at once.
/// </summary>
internal sealed class RunPreflight(
    LookAtRepository look, CodespacePermissions permissions, RegistryAccess access, ResolveReference resolve, FetchFeatures features,
    PreflightLimits limits, PreflightHost host)
{
    private const int MostReferences = 100;
    private const int AskedAtOnce = 4;

    /// <param name="repository">A repository that the user may read and have codespaces of.</param>
    public async Task<PreflightReport> RunAsync(
        long userId, string login, RepositoryFacts repository, NewCodespace wanted, CancellationToken cancellationToken)
    {
        var principal = new CodespacePrincipal(null, "preflight", repository.Id, repository.FullName, userId, login, TokenId: 0);
        var lines = new MaskedLines();
        var platform = await host.PlatformAsync(cancellationToken);
        try
        {
            return await limits.WithinAsync(
                userId,
                async token =>
                {
                    var start = await access.LoadAsync(principal, token: "", (_, _) => { }, lines.Mask, token);
                    return await ReportAsync(start, repository, wanted, platform, lines, token);
                },
                cancellationToken);
        }
        catch (FaultException exception)
        {
            return Failed(exception.Message, platform, lines);
        }
    }

    private async Task<PreflightReport> ReportAsync(
        StartCredentials start, RepositoryFacts repository, NewCodespace wanted, Platform platform, MaskedLines lines,
        CancellationToken cancellationToken)
    {
        PreflightReport report;
        List<string> said = [];
        try
        {
            report = await look.RunAsync(
                start.Principal.UserId, start.Principal.UserLogin, repository, CloneRepository.BranchOf(wanted.Ref),
                folder => SubmoduleWish.Of(folder, PathOf(wanted), cancellationToken), said.Add,
                checkout => ReadAsync(checkout, start, repository, wanted, platform, lines, cancellationToken), cancellationToken);
            report = report with { Remarks = [.. said.Select(lines.Clean), .. report.Remarks] };
        }
        catch (Exception exception) when (exception is FaultException or IOException or UnauthorizedAccessException)
        {
            report = Failed(exception.Message, platform, lines);
        }

        return report with { Sets = CheckRegistry.SetsOf(start.Known) };
    }

    private static string? PathOf(NewCodespace wanted) =>
        string.IsNullOrEmpty(wanted.DevcontainerPath) ? null : wanted.DevcontainerPath;

    private static PreflightReport Failed(string reason, Platform platform, MaskedLines lines) => new()
    {
        Ok = false,
        Failure = lines.Clean(reason),
        Refusals = [lines.Clean(reason)],
        Platform = platform.ToString(),
        References = [],
        Remarks = [],
        Sets = [],
    };

    private async Task<PreflightReport> ReadAsync(
        string checkout, StartCredentials start, RepositoryFacts repository, NewCodespace wanted, Platform platform, MaskedLines lines,
        CancellationToken cancellationToken)
    {
        var plan = DevcontainerPlan.Read(
            new Checkout(checkout, new ExpansionBudget(cancellationToken)) { Defaults = host.Defaults },
            PathOf(wanted), repository.Name);
        var review = await permissions.ReviewAsync(
            repository, start.Principal.UserId, start.Principal.UserLogin, plan.File, cancellationToken);
        start = start with
        {
            Principal = start.Principal with
            {
                AsksFor = new(wanted.MultiRepoPermissionsOptOut == true ? [] : review.Targets(PermissionKind.Packages)),
            },
        };
        var named = NamedReference.AllOf(plan);
        var references = await ResolveAsync(named.Take(MostReferences), start, platform, lines, cancellationToken);
        List<string> remarks =
            [
                .. plan.Remarks, .. review.Lines(repository, start.Principal.UserLogin, wanted.MultiRepoPermissionsOptOut == true),
            ];
        if (InitializeCommand.Remark(plan.Configuration, host.Defaults) is { } said)
        {
            remarks.Add(said);
        }

        if (named.Count > MostReferences)
        {
            plan.Refusals.Add(new FaultException(
                FaultKind.Configuration,
                $"{plan.File.Path} names {named.Count} images and features; the first {MostReferences} were looked at"));
        }
        else
        {
            await ReadFeaturesAsync(plan, start, platform, lines, references, remarks, cancellationToken);
        }

        List<string> refusals = [.. plan.Refusals.All.Select(refusal => lines.Clean(refusal.ToString()))];
        return new PreflightReport
        {
            Ok = refusals.Count == 0 && references.TrueForAll(reference => reference.Ok),
            Failure = refusals.Count == 0 ? null : string.Join("; ", refusals),
            Refusals = refusals,
            DevcontainerPath = plan.File.Exists ? plan.File.Path : null,
            Summary = plan.Summary,
            Platform = platform.ToString(),
            References = references,
            Remarks = [.. remarks.Select(lines.Clean)],
            Sets = [],
        };
    }

    /// <summary>Reads the features, since only their metadata says what they depend on.</summary>
    private async Task ReadFeaturesAsync(
        DevcontainerPlan plan, StartCredentials start, Platform platform, MaskedLines lines, List<PreflightReference> references,
        List<string> remarks,
        CancellationToken cancellationToken)
    {
        // Features that cannot be fetched have been reported already.
        var refused = references.Where(reference => reference is { Kind: NamedReference.FeatureKind, Ok: false });
        var had = plan.Features.Select(use => use.Name.Text).Except(refused.Select(reference => reference.Reference))
            .ToHashSet(StringComparer.Ordinal);
        var configuration = plan.Configuration with
        {
            Features = [.. plan.Configuration.Features.Where(feature => had.Contains(feature.Id))],
        };
        try
        {
            var read = await features.RunAsync(plan.File, configuration, start with { Log = Remark }, cancellationToken);
            if (plan.WantsDocker || (plan.Configuration.Docker != false && read.Exists(feature => feature.WantsDocker)))
            {
                remarks.Add(host.DockerLine);
            }

            references.AddRange(await ResolveAsync(NamedReference.NeededOf(plan, read), start, platform, lines, cancellationToken));
        }
        catch (FaultException exception) when (exception is not LimitException)
        {
            plan.Refusals.Add(exception);
        }

        // Report what features ask for and do not get, but not that each was fetched.
        void Remark(string step, string line)
        {
            if (step == "features" && !line.StartsWith("fetched ", StringComparison.Ordinal))
            {
                remarks.Add(line);
            }
        }
    }

    /// <summary>Resolves references. A reference that occurs in two places is asked about only once.</summary>
    private async Task<List<PreflightReference>> ResolveAsync(
        IEnumerable<NamedReference> named, StartCredentials start, Platform platform, MaskedLines lines,
        CancellationToken cancellationToken)
    {
        using var asking = new SemaphoreSlim(AskedAtOnce);
        var asked = new Dictionary<(string Text, Platform? Platform), Task<PreflightReference>>();
        var answers = named.Select(one =>
        {
            if (!asked.TryGetValue((one.Text, one.Platform), out var answer))
            {
                asked[(one.Text, one.Platform)] = answer = AskAsync(one);
            }

            return (Named: one, Answer: answer);
        }).ToList();
        await Task.WhenAll(asked.Values);
        var references = new List<PreflightReference>(answers.Count);
        foreach (var (one, answer) in answers)
        {
            references.Add(await answer with { Kind = one.Kind, Where = one.Where, File = one.File, Line = one.Line });
        }

        return references;

        async Task<PreflightReference> AskAsync(NamedReference one)
        {
            await asking.WaitAsync(cancellationToken);
            try
            {
                return await resolve.RunAsync(one, start, platform, lines, cancellationToken);
            }
            finally
            {
                asking.Release();
            }
        }
    }
}
