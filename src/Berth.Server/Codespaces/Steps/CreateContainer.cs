using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Isolation;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Steps;

/// <summary>Makes the container that people work in, without starting it.</summary>
internal sealed class CreateContainer(CodespaceContainers containers, ImageUsers users)
{
    /// <exception cref="FaultException">The engine refuses it.</exception>
    public async Task<CreatedStart> RunAsync(BuiltStart start, Surroundings beside, CancellationToken cancellationToken)
    {
        var service = start.Plan.Compose?.Main;
        if (service?.WorkingFolder is null)
        {
            CheckFolder(start.Image.Image);
        }

        var limits = Machines.LimitsOf(start.Machine).BesideServices(beside.Services);
        var owner = await users.NumbersAsync(start.Codespace, start.Image.Image, start.Place.RemoteUser, cancellationToken);
        var plan = DevContainerPlan.Of(start, service, limits, beside, owner);
        var policy = new ContainerPolicy(start.Codespace, start.Folders, beside.HasDocker);
        start.Log.Write("up", "creating the dev container");
        try
        {
            var name = EngineNames.ContainerOf(start.Codespace.Name);
            var id = await containers.CreateAsync(
                start.Codespace, name, ContainerRole.Dev, policy.Write(plan), start.VolumesFor(service), cancellationToken);
            return new CreatedStart(start, id, start.Place, start.Merged, IsNew: true);
        }
        catch (EngineException exception) when (exception.Status is >= 400 and < 500 and not 404)
        {
            throw new FaultException(
                FaultKind.Container, $"the container engine does not make the dev container: {exception.Message}", exception);
        }
    }

    /// <exception cref="FaultException">Processes may not start in the image's working folder.</exception>
    public static void CheckFolder(EngineImage? image)
    {
        if (image?.Folder is { Length: > 0 } folder && (!ContainerPath.TryParse(folder, out var path) || path.IsKernels))
        {
            throw new FaultException(FaultKind.Configuration, $"the image's WorkingDir: processes do not start in {folder}");
        }
    }
}
