using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Api;

namespace Berth.Server.Codespaces.Prebuilds;

/// <summary>Converts prebuilds to the form of the API.</summary>
internal static class PrebuildJson
{
    public static Client.Wire.PrebuildConfiguration ToWire(this PrebuildConfiguration configuration, ApiUrls urls)
    {
        var url = $"{urls.Api}/repos/{configuration.RepositoryFullName}/codespaces/prebuild-configurations/{configuration.Id}";
        return new Client.Wire.PrebuildConfiguration
        {
            Id = configuration.Id,
            Ref = configuration.BranchName,
            DevcontainerPath = NullIfEmpty(configuration.DevcontainerPath),
            Machine = NullIfEmpty(configuration.Machine),
            OnPush = configuration.OnPush,
            Schedule = configuration.Schedule,
            Enabled = configuration.Enabled,
            RetainedVersions = configuration.Kept,
            Owner = configuration.OwnerLogin,
            NextRunAt = configuration.Enabled ? configuration.NextRunAt : null,
            CreatedAt = configuration.CreatedAt,
            UpdatedAt = configuration.UpdatedAt,
            Url = url,
            RunsUrl = url + "/runs",
        };
    }

    public static CodespacePrebuild ToWire(this Prebuild prebuild, RepositoryFacts repository, string defaultBranch, ApiUrls urls)
    {
        var url = $"{urls.Api}/repos/{repository.FullName}/codespaces/prebuilds/{prebuild.Id}";
        return new CodespacePrebuild
        {
            Id = prebuild.Id,
            ConfigurationId = prebuild.ConfigurationId,
            State = prebuild.State,
            Cause = prebuild.Cause,
            Ref = prebuild.Ref ?? defaultBranch,
            DevcontainerPath = prebuild.DevcontainerPath,
            CommitSha = prebuild.CommitId,
            ConfigurationHash = prebuild.ConfigurationHash,
            Failure = prebuild.State == Prebuild.Failed ? prebuild.Failure : null,
            ImageSizeInBytes = prebuild.ImageBytes,
            WorkspaceSizeInBytes = prebuild.WorkspaceBytes,
            CreatedAt = prebuild.CreatedAt,
            ReadyAt = prebuild.ReadyAt,
            Url = url,
            LogUrl = url + "/log",
        };
    }

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}
