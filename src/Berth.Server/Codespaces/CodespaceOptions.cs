using Berth.Server.Settings;
using Microsoft.Extensions.Options;

namespace Berth.Server.Codespaces;

/// <summary>The settings of what codespaces run on, and of how much of it they get.</summary>
internal sealed partial class CodespaceOptions
{
    public const string WorkspaceImage = "image";
    public const string WorkspaceFolder = "folder";
    public const string DockerRootless = "rootless";
    public const string DockerOff = "off";
    public const string NoImage = "none";

    [Setting("the container engine for codespaces")]
    [Form("a local socket, unix:///PATH", "unix:///")]
    public string DockerHost { get; set; } = "unix:///var/run/docker.sock";

    [Setting(
        "`image`: each codespace's workspace is a filesystem of its own, as large as its machine type says, mounted through a loop device. "
            + "`folder`: a plain folder without a size, for hosts that have no loop devices")]
    [OneOf(WorkspaceImage, WorkspaceFolder)]
    public string Workspaces { get; set; } = WorkspaceImage;

    [Setting("the addresses that codespaces' own networks are cut from, 32 each; must be used nowhere else")]
    [Ipv4Network("10.213.0.0/16", 27)]
    public string CodespaceNetworks { get; set; } = "10.213.0.0/16";

    [Setting("the largest machine type that is offered", Default = "the largest that the host has cores and memory for")]
    [OneOf("basicLinux32gb", "standardLinux32gb", "premiumLinux", "largePremiumLinux", "xLargePremiumLinux")]
    public string? LargestMachine { get; set; }

    [Setting("what the containers of one codespace may write into their own layers, on its disk; more stops it, within half a minute",
        Default = "as much as the machine type's storage")]
    [Positive("GiB")]
    public double? MaxContainerGiB { get; set; }

    [Setting("what an image may unpack to; a larger one is refused, and taken off the engine",
        Default = "as much as the storage of the largest machine type that is offered")]
    [Positive("GiB")]
    public double? MaxImageGiB { get; set; }

    [Setting("how many codespaces one user may have")]
    [Positive("number")]
    public double MaxCodespacesPerUser { get; set; } = 20;

    [Setting("the registry of images that are named without one, for a mirror of Docker Hub: `node:20` is `HOST/library/node:20`")]
    [RegistryName]
    public string DefaultRegistry { get; set; } = "docker.io";

    [Setting(
        "the image of codespaces whose repository has no dev container configuration, or one that names no image. `none`: they are "
            + "refused")]
    [ImageName]
    public string DefaultImage { get; set; } = "mcr.microsoft.com/devcontainers/base:ubuntu";

    [Setting(
        "how many codespaces start at once; others wait for their turn. A start that takes longer than two minutes lets another go on")]
    [Positive("number")]
    public double MaxStarts { get; set; } = 8;

    [Setting("how many codespaces of one user start at once")]
    [Positive("number")]
    public double MaxStartsPerUser { get; set; } = 4;

    [Setting(
        "the folder below which OpenSSH's server and libnss-wrapper lie as Debian's packages have them; codespaces are reached by `ssh` "
            + "with it")]
    [FilePath]
    public string SshServer { get; set; } = "/";

    [Setting(
        "`rootless`: a codespace that asks for docker has a container engine of its own, which runs without rights. `off`: it starts "
            + "without docker")]
    [OneOf(DockerRootless, DockerOff)]
    public string DockerInside { get; set; } = DockerRootless;

    [Setting("what the prebuilds on this host may take of its disk together; the oldest go when it is more")]
    [Positive("GiB")]
    public double MaxPrebuildGiB { get; set; } = 50;

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<CodespaceOptions>;
}
