using Berth.Client.Wire;
using Berth.Server.Api;
using Berth.Server.Api.Bodies;
using Berth.Server.Api.Description;
using Berth.Server.Database;

namespace Berth.Server.Codespaces.Defaults;

/// <summary>A person's default editor and machine. GitHub has these only in its web settings.</summary>
internal static class CodespaceSettingsEndpoints
{
    private const string Place = "/user/codespaces/settings";

    public static void MapCodespaceSettings(this IEndpointRouteBuilder api, string scope)
    {
        api.MapRead(Place, GetAsync).Requires(ApiNeed.User, scope)
            .Does("Get one's settings for codespaces").Gives<CodespaceSettings>();
        api.MapPatch(Place, PatchAsync).Requires(ApiNeed.User, scope)
            .Does("Change one's settings for codespaces").Takes<CodespaceSettingsChange>().Gives<CodespaceSettings>();
    }

    private static async Task<IResult> GetAsync(ApiCaller caller, Db db, CancellationToken cancellationToken)
    {
        var row = await db.ReadAsync(session => CodespaceSettingsTable.FindAsync(session, caller.User.UserId), cancellationToken);
        return ApiResult.Ok(new CodespaceSettings
        {
            DefaultEditor = row.DefaultEditor,
            DefaultMachine = row.DefaultMachine,
            UpdatedAt = row.UpdatedAt,
        });
    }

    private static async Task<IResult> PatchAsync(
        HttpRequest request, ApiCaller caller, Db db, Machines machines, TimeProvider time, CancellationToken cancellationToken)
    {
        var wanted = await RequestBody.ReadAsync<CodespaceSettingsChange>(
            request,
            "CodespaceSettings",
            (change, faults) =>
            {
                if (change.DefaultEditor.Value is { } editor && !CodespaceEditors.All.Contains(editor, StringComparer.Ordinal))
                {
                    faults.Add("default_editor", $"default_editor is one of {string.Join(", ", CodespaceEditors.All)}, or null");
                }

                CodespaceRequest.CheckMachine("default_machine", change.DefaultMachine.Value, machines, faults);
            },
            cancellationToken);
        await db.WriteAsync(
            async session =>
            {
                var row = await CodespaceSettingsTable.FindAsync(session, caller.User.UserId);
                row = row with
                {
                    DefaultEditor = wanted.DefaultEditor.IsNamed ? wanted.DefaultEditor.Value : row.DefaultEditor,
                    DefaultMachine = wanted.DefaultMachine.IsNamed ? wanted.DefaultMachine.Value : row.DefaultMachine,
                };
                await CodespaceSettingsTable.StoreAsync(session, caller.User.UserId, row, time.GetUtcNow());
            },
            cancellationToken);
        return await GetAsync(caller, db, cancellationToken);
    }
}
