using System.Text.Json;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Codespaces.Git;
using Berth.Server.Faults;
using Berth.Server.Repositories.Cloning;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Brings the submodules into a fresh checkout where the configuration (<c>customizations.berth.submodules</c>) or else the repository's
/// setting says so. The shared credential goes to them only where the setting does, which an admin of the repository makes: a configuration
/// is anybody's who may push.
/// </summary>
internal sealed class FetchSubmodules(CloneSubmodules clone, CloneCredentials credentials)
{
    private const string Property = "customizations.berth.submodules";

    public async Task RunAsync(AdmittedStart start, string url, CloneCredential? credential, CancellationToken cancellationToken)
    {
        var (codespace, folders, log) = (start.Codespace, start.Folders, start.Log);
        File.Delete(folders.Submodules);
        if (new FileInfo(Path.Combine(folders.CloneInProgress, ".gitmodules")) is not { Exists: true, LinkTarget: null })
        {
            return;
        }

        if (!(Said(folders.CloneInProgress, codespace.DevcontainerPath, cancellationToken) ?? codespace.Submodules))
        {
            log.Write(
                "clone",
                Fault.Shown(
                    "the repository has submodules, which are not cloned",
                    $"{Property}: true in devcontainer.json, or berth repo edit {codespace.RepositoryFullName} --submodules true"));
            return;
        }

        if (!codespace.Submodules)
        {
            credential = await credentials.OwnAsync(
                start.Principal.RepositoryId, codespace.PersonId, codespace.OwnerLogin, url, cancellationToken);
        }

        var cloned = await clone.RunAsync(
            new SubmoduleRequest(url, folders.CloneInProgress, start.GitView, credential), line => log.Write("clone", line),
            cancellationToken);
        await File.WriteAllBytesAsync(
            folders.Submodules, JsonSerializer.SerializeToUtf8Bytes<IReadOnlyList<string>>([.. cloned.Distinct()]), cancellationToken);
    }

    /// <summary>Null: nothing, or nothing that can be read; the start says what is wrong with it when it reads all.</summary>
    internal static bool? Said(string checkout, string? path, CancellationToken cancellationToken)
    {
        try
        {
            var content = DevcontainerFile.Read(new Checkout(checkout, new ExpansionBudget(cancellationToken)), path).Content;
            return Inner(Inner(Inner(content, "customizations"), "berth"), "submodules")?.ValueKind switch
            {
                JsonValueKind.True => true,
                JsonValueKind.False => false,
                _ => null,
            };
        }
        catch (FaultException)
        {
            return null;
        }
    }

    private static JsonElement? Inner(JsonElement? element, string name) =>
        element is { ValueKind: JsonValueKind.Object } parent && parent.TryGetProperty(name, out var value) ? value : null;
}
