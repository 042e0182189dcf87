using System.Text.Json;
using Berth.Server.Codespaces.Preflight;
using Berth.Server.Faults;
using Berth.Server.Http;
using Berth.Tests.Cli;
using Berth.Tests.TestServer;

namespace Berth.Tests.Codespaces;

/// <summary>
/// What a pre-flight says where nothing can be cloned, also on the command line. The tests with real clients try it with registries.
/// </summary>
public sealed class PreflightTests(CodespaceServer shared)
{
    [Fact]
    public async Task A_repository_that_cannot_be_cloned_fails_in_one_line_with_a_remedy()
    {
        var ada = await shared.Server.UserAsync();
        var repository = await ada.RepositoryAsync(await ada.OrganizationAsync());
        using var cli = new CliRun(shared.Server, ada.Token);
        var run = await cli.RunAsync("codespace", "preflight", repository);
        Assert.Equal(
            (1, $"failed: {repository} has no clone_url. Remedy: set one: berth repo edit {repository} --clone-url URL\n", ""),
            (run.ExitCode, run.Out, run.Error));

        var json = await cli.RunAsync("codespace", "preflight", repository, "--json");
        var report = JsonSerializer.Deserialize<JsonElement>(json.Out);
        Assert.Equal((1, false), (json.ExitCode, report.GetProperty("ok").GetBoolean()));
        Assert.StartsWith("linux/", report.GetProperty("platform").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"devcontainer_path":"../devcontainer.json"}""", "devcontainer_path")]
    [InlineData("""{"ref":"--upload-pack=x"}""", "ref")]
    public async Task What_no_codespace_could_be_asked_for_is_422(string body, string field)
    {
        var ada = await shared.Server.UserAsync();
        var repository = await ada.RepositoryAsync(await ada.OrganizationAsync());
        var reply = await ada.SendAsync("POST", $"/repos/{repository}/codespaces/preflight", body);
        Assert.Equal(422, (int)reply.Status);
        Assert.Equal(field, reply["errors"][0].GetProperty("field").GetString());
    }

    [Fact]
    public async Task One_person_runs_one_at_a_time_and_holds_up_nobody_else()
    {
        using var limits = new PreflightLimits(TimeProvider.System);
        var (end, cancel) = (new TaskCompletionSource<int>(), TestContext.Current.CancellationToken);
        var own = Enumerable.Range(0, 6).Select(_ => limits.WithinAsync(1, _ => end.Task, cancel)).ToList();
        var refused = await Assert.ThrowsAsync<ApiException>(() => limits.WithinAsync(1, _ => end.Task, cancel));
        Assert.Equal(429, refused.Error.Status);
        Assert.Equal(7, await limits.WithinAsync(2, _ => Task.FromResult(7), cancel));
        end.SetResult(1);
        Assert.Equal(6, (await Task.WhenAll(own)).Sum());
    }

    [Fact]
    public async Task One_that_does_not_end_is_ended()
    {
        using var limits = new PreflightLimits(TimeProvider.System) { Longest = TimeSpan.FromMilliseconds(1) };
        var ended = await Assert.ThrowsAsync<FaultException>(() => limits.WithinAsync(
            1,
            async token =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, token);
                return 0;
            },
            TestContext.Current.CancellationToken));
        Assert.StartsWith("the pre-flight took longer than ", ended.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Secrets_and_control_characters_stay_out_of_what_is_told()
    {
        var lines = new MaskedLines();
        lines.Mask("password");
        lines.Mask("password-and-more");
        lines.Mask("abc");
        Assert.Equal(
            "the registry echoes ********, ******** and abc in two  lines",
            lines.Clean("the registry echoes password-and-more, password and abc in two\r\nlines"));
    }
}
