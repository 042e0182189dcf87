using Berth.Client.Wire;
using Berth.Server.Accounts;
using Berth.Server.Api;
using Berth.Server.Repositories;

namespace Berth.Server.Codespaces;

/// <summary>Codespaces in GitHub's shape.</summary>
internal static class CodespaceJson
{
    /// <summary>The one machine there is: this host.</summary>
    public const string MachineName = "standardLinux";

    public static Client.Wire.Codespace ToWire(this Codespace codespace, RepositoryRow? repository, ApiUrls urls)
    {
        var url = $"{urls.Api}/user/codespaces/{codespace.Name}";
        var owner = AccountJson.Simple(codespace.OwnerId, codespace.OwnerLogin, isOrganization: false, siteAdmin: false, urls);
        return new Client.Wire.Codespace
        {
            Id = codespace.Id,
            Name = codespace.Name,
            DisplayName = codespace.DisplayName,
            Owner = owner,
            BillableOwner = owner,
            Repository = repository?.ToWire(urls),
            Machine = Machine(),
            DevcontainerPath = codespace.DevcontainerPath,
            CreatedAt = codespace.CreatedAt,
            UpdatedAt = codespace.UpdatedAt,
            LastUsedAt = codespace.LastUsedAt,
            State = codespace.State,
            Url = url,
            GitStatus = new CodespaceGitStatus
            {
                Ref = codespace.GitRef ?? codespace.Ref ?? repository?.DefaultBranch,
                Ahead = codespace.GitAhead,
                Behind = codespace.GitBehind,
                HasUncommittedChanges = codespace.GitUncommitted,
                HasUnpushedChanges = codespace.GitUnpushed,
            },
            IdleTimeoutMinutes = (int)codespace.IdleTimeoutMinutes,
            RetentionPeriodMinutes = (int)codespace.RetentionPeriodMinutes,
            RetentionExpiresAt = codespace.RetentionExpiresAt,
            LastKnownStopNotice = codespace.StopNotice,
            WebUrl = $"{urls.Html}/codespaces/{codespace.Name}",
            MachinesUrl = url + "/machines",
            StartUrl = url + "/start",
            StopUrl = url + "/stop",
            Failure = codespace.State == CodespaceState.Failed ? codespace.Failure : null,
            Image = codespace.Image,
        };
    }

    public static CodespaceMachine Machine()
    {
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return new CodespaceMachine
        {
            Name = MachineName,
            DisplayName = $"{Environment.ProcessorCount} cores, {Math.Max(1, memory >> 30)} GB RAM, shared with this host",
            StorageInBytes = 0,
            MemoryInBytes = memory,
            Cpus = Environment.ProcessorCount,
            PrebuildAvailability = "none",
        };
    }
}
