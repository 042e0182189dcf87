using System.Net;
using Berth.Server.Codespaces;
using Berth.Server.Database;
using Berth.Tests.Cli;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Codespaces.Defaults;

/// <summary>A person's default editor and machine. They are stored and shown, and used where a request names nothing else.</summary>
public sealed class CodespaceSettingsTests(CodespaceServer shared)
{
    private const string Place = "/user/codespaces/settings";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task They_are_a_persons_own_and_change_one_by_one()
    {
        var (ada, bob) = (await shared.Server.UserAsync("ada"), await shared.Server.UserAsync("bob"));
        Assert.Equal((null, null), await ReadAsync(ada));
        var machine = Offered.Name;
        await ada.DoAsync("PATCH", Place, $$"""{"default_editor":"jetbrains","default_machine":"{{machine}}"}""");
        await ada.DoAsync("PATCH", Place, "{}");
        Assert.Equal(("jetbrains", machine), await ReadAsync(ada));
        Assert.Equal((null, null), await ReadAsync(bob));
        await ada.DoAsync("PATCH", Place, """{"default_editor":null}""");
        Assert.Equal((null, machine), await ReadAsync(ada));
        foreach (var (body, reason) in new[]
        {
            ("""{"default_editor":"ed"}""", "default_editor is one of vscode, jetbrains, ssh"),
            ("""{"default_machine":"quantumLinux"}""", "default_machine: this server offers"),
            ("""{"default_machine":7}""", "default_machine"),
        })
        {
            var refused = await ada.SendAsync("PATCH", Place, body);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
            Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_codespace_that_is_created_with_no_machine_gets_it_while_it_is_offered()
    {
        var ada = await shared.Server.UserAsync("ada");
        var repository = await ada.RepositoryAsync(ada.Login);
        await ada.DoAsync("PATCH", Place, $$"""{"default_machine":"{{Offered.Name}}"}""");
        Assert.Equal(Offered.Name, await MachineAsync(ada, repository, "{}"));
        Assert.Equal(Machines.Default.Name, await MachineAsync(ada, repository, $$"""{"machine":"{{Machines.Default.Name}}"}"""));
        await shared.Server.Services.GetRequiredService<Db>().WriteAsync(
            session => session.ExecuteAsync("update codespace_settings set default_machine = 'quantumLinux'", new { }), Cancel);
        Assert.Equal(Machines.Default.Name, await MachineAsync(ada, repository, "{}"));
    }

    [Fact]
    public async Task The_client_sets_shows_and_takes_them_away()
    {
        var ada = await shared.Server.UserAsync("ada");
        using var cli = new CliRun(shared.Server, ada.Token);
        Assert.Equal("Editor:  vscode\nMachine: the smallest\n", await cli.DoAsync("codespace settings show"));
        Assert.Equal(
            $"Editor:  ssh\nMachine: {Offered.Name}\n", await cli.DoAsync($"codespace settings set --editor ssh --machine {Offered.Name}"));
        Assert.Equal("Editor:  ssh\nMachine: the smallest\n", await cli.DoAsync("codespace settings set --machine none"));
    }

    private Machines Machines => shared.Server.Services.GetRequiredService<Machines>();

    /// <summary>The largest machine. It is not the default if there are two or more.</summary>
    private Machine Offered => Machines.Offered[^1];

    private static async Task<(string? Editor, string? Machine)> ReadAsync(Person person)
    {
        var answer = await person.GetAsync(Place);
        return (answer["default_editor"].GetString(), answer["default_machine"].GetString());
    }

    private static async Task<string?> MachineAsync(Person person, string repository, string body) =>
        (await person.DoAsync("POST", $"/repos/{repository}/codespaces", body))["machine"].GetProperty("name").GetString();
}
