using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Fixtures.Clients;

/// <summary>podman, skopeo and buildah with their own storage and credentials in the test's folder.</summary>
internal static class ContainersTools
{
    public static Command Podman(TemporaryFolder folder, string who = "podman")
    {
        Requirement.Program("podman");
        Requirement.Root();
        return With(
            new Command(
                "podman", "--root", folder.Create(who + "-storage"), "--runroot", folder.Create(who + "-run"), "--storage-driver", "vfs",
                "--cgroup-manager", "cgroupfs"),
            folder,
            who);
    }

    public static Command Skopeo(TemporaryFolder folder, string who = "skopeo")
    {
        Requirement.Program("skopeo");
        return With(new Command("skopeo"), folder, who);
    }

    public static Command Buildah(TemporaryFolder folder, string who = "buildah")
    {
        Requirement.Program("buildah");
        Requirement.Root();
        return With(
            new Command(
                "buildah", "--root", folder.Create(who + "-storage"), "--runroot", folder.Create(who + "-run"), "--storage-driver", "vfs"),
            folder,
            who);
    }

    private static Command With(Command command, TemporaryFolder folder, string who)
    {
        // podman demands that the file exists, even for somebody who never signed in.
        File.WriteAllText(folder[who + "-auth.json"], "{}");
        command.Environment["REGISTRY_AUTH_FILE"] = folder[who + "-auth.json"];
        command.Environment["BUILDAH_ISOLATION"] = "chroot";
        return command;
    }
}
