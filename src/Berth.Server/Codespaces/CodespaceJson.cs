using Berth.Client.Wire;
using Berth.Server.Accounts;
using Berth.Server.Api;
using Berth.Server.Repositories;

namespace Berth.Server.Codespaces;

/// <summary>Codespaces in GitHub's shape.</summary>
internal static class CodespaceJson
{
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
            Machine = Machines.WireOf(codespace.Machine),
            DevcontainerPath = codespace.DevcontainerPath,
            Prebuild = codespace.FromPrebuild is not null,
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
            Failure = codespace.State is CodespaceState.Failed or CodespaceState.Available ? codespace.Failure : null,
            Image = codespace.Image,
        };
    }
}
