using Berth.Client.Wire;
using Berth.Server.Api.Bodies;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Git;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces;

/// <summary>Reads requests that create or change a codespace, and checks them against what this server offers.</summary>
internal static class CodespaceRequest
{
    private const string Resource = "Codespace";

    public static Task<T> ReadAsync<T>(HttpRequest request, Machines machines, CancellationToken cancellationToken)
        where T : NewCodespace =>
        RequestBody.ReadAsync<T>(request, Resource, (wanted, faults) => Check(wanted, machines, faults), cancellationToken);

    public static Task<Client.Wire.CodespaceChange> ReadChangeAsync(
        HttpRequest request, Machines machines, CancellationToken cancellationToken) =>
        RequestBody.ReadAsync<Client.Wire.CodespaceChange>(
            request, Resource, (change, faults) => CheckMachine("machine", change.Machine, machines, faults), cancellationToken);

    private static void Check(NewCodespace wanted, Machines machines, BodyFaults faults)
    {
        if (wanted is NewUserCodespace { RepositoryId: null } && !faults.Has("pull_request") && !faults.Has("repository_id"))
        {
            faults.Missing("repository_id");
        }

        try
        {
            CloneRepository.BranchOf(wanted.Ref);
        }
        catch (FaultException exception)
        {
            faults.Add("ref", exception.Message);
        }

        if (wanted.DevcontainerPath is { Length: > 0 } path && !DevcontainerFile.IsPlace(path))
        {
            faults.Add(
                "devcontainer_path",
                "devcontainer_path must be .devcontainer/devcontainer.json, .devcontainer.json or .devcontainer/FOLDER/devcontainer.json");
        }

        CheckMachine("machine", wanted.Machine, machines, faults);
    }

    public static void CheckMachine(string field, string? machine, Machines machines, BodyFaults faults)
    {
        if (machine is { Length: > 0 } && machines.Find(machine) is null)
        {
            faults.Add(field, $"{field}: this server offers {string.Join(", ", machines.Offered.Select(offered => offered.Name))}");
        }
    }
}
