using Berth.Server.Codespaces;
using Berth.Server.Database;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Codespaces;

public sealed class CodespaceLogTests(CodespaceServer shared)
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("\u001b[1mbold\u001b[0m and \u001b[31;1mred", "bold and red")]
    [InlineData("a\u0000b\u0007c", "a b c")]
    [InlineData("the token is top-secret-value!", "the token is ********!")]
    public async Task Lines_are_safe_to_print_and_hold_no_secret(string line, string stored)
    {
        var (codespace, logs) = await CodespaceAsync();
        await using (var writer = logs.Open(codespace))
        {
            writer.Mask("top-secret-value");
            writer.Write("step", line);
            writer.Write("step", "\u001b[0m");
        }

        var kept = Assert.Single(await logs.ReadAsync(codespace.Id, null, 0, TestContext.Current.CancellationToken));
        Assert.Equal(("step", stored, 1), (kept.Step, kept.Line, kept.Attempt));
    }

    [Fact]
    public async Task Text_that_is_no_Unicode_is_stored_all_the_same()
    {
        // Half a surrogate pair comes from a line that is cut, and from programs that print one.
        var (codespace, logs) = await CodespaceAsync();
        var kept = new string('a', 3_999 - ToolProcess.Cut.Length);
        await using (var writer = logs.Open(codespace))
        {
            writer.Write("step", kept + "\U0001F600" + new string('b', 100));
            writer.Write("step", "\udc00 \U0001F600 \ud800");
            Assert.Equal("ended by \ufffd !", writer.Masked("ended by \ud83d\0!"));
        }

        Assert.Equal(
            [kept + '\ufffd' + ToolProcess.Cut, "\ufffd \U0001F600 \ufffd"],
            (await logs.ReadAsync(codespace.Id, null, 0, TestContext.Current.CancellationToken)).Select(line => line.Line));
    }

    [Fact]
    public async Task A_line_that_is_too_long_says_that_its_rest_is_left_out()
    {
        var (codespace, logs) = await CodespaceAsync();
        await using (var writer = logs.Open(codespace))
        {
            writer.Write("step", new string('x', 4000));
            writer.Write("step", new string('x', 4001));
        }

        var lines = await logs.ReadAsync(codespace.Id, null, 0, TestContext.Current.CancellationToken);
        Assert.Equal(new string('x', 4000), lines[0].Line);
        Assert.Equal(4000, lines[1].Line.Length);
        Assert.EndsWith("x … (the rest of the line is left out)", lines[1].Line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lines_of_a_codespace_that_was_deleted_meanwhile_are_dropped()
    {
        var (codespace, logs) = await CodespaceAsync();
        var db = shared.Server.Services.GetRequiredService<Db>();
        await using (var writer = logs.Open(codespace))
        {
            await db.WriteAsync(
                session => CodespaceTable.DeleteAsync(session, codespace.Id, TimeProvider.System.GetUtcNow()),
                TestContext.Current.CancellationToken);
            writer.Write("step", "too late");
        }

        Assert.Empty(await logs.ReadAsync(codespace.Id, null, 0, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_slow_end_of_an_old_start_changes_nothing_of_a_newer_wish()
    {
        var (codespace, _) = await CodespaceAsync();
        var db = shared.Server.Services.GetRequiredService<Db>();
        var found = await db.WriteAsync(
            async session =>
            {
                var now = DateTimeOffset.UnixEpoch;
                await CodespaceTable.FailedAsync(session, codespace, "first", now);
                Assert.True(await CodespaceTable.WantStartAsync(session, codespace.Id, now));
                await CodespaceTable.FailedAsync(session, codespace, "late", now);
                Assert.False(await CodespaceTable.AvailableAsync(session, codespace with { Image = "late" }, now));
                await CodespaceTable.ShutDownAsync(session, codespace, now);
                return await CodespaceTable.FindAsync(session, codespace.Id);
            },
            TestContext.Current.CancellationToken);
        Assert.Equal((CodespaceState.Queued, 2, null, null), (found!.State, found.Attempt, found.Failure, found.Image));
    }

    /// <summary>Inserts a codespace of another host, so that no reconciler touches it.</summary>
    private async Task<(Codespace Codespace, CodespaceLog Logs)> CodespaceAsync()
    {
        var ada = await shared.Seed.UserAsync("ada");
        var repository = await shared.Seed.RepositoryAsync(ada.UserId, "app");
        var codespace = new Codespace
        {
            Name = CodespaceNames.Create(ada.Login, "app"),
            OwnerId = ada.UserId,
            RepositoryId = repository,
            RepositoryFullName = ada.Login + "/app",
            Machine = "standardLinux",
            Host = "elsewhere",
            Desired = CodespaceDesire.Available,
            State = CodespaceState.Provisioning,
            Attempt = 1,
        };
        var id = await shared.Seed.Db.WriteAsync(
            session => CodespaceTable.InsertAsync(session, codespace), TestContext.Current.CancellationToken);
        return (codespace with { Id = id }, shared.Server.Services.GetRequiredService<CodespaceLog>());
    }
}
