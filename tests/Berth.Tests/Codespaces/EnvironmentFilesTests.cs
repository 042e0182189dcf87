using Berth.Server.Codespaces.Environment;
using Berth.Tests.Codespaces.Scripted;
using Berth.Tests.TestServer;

namespace Berth.Tests.Codespaces;

/// <summary>A single process writes Berth's files in a container and asks the user's shell.</summary>
public sealed class EnvironmentFilesTests
{
    private static readonly ShellQuestion Question = new("printf asked", []);

    private readonly ScriptedContainers _engine = new();
    private readonly ManualTimeProvider _time = new();
    private readonly List<string> _users = [];

    [Theory]
    [InlineData("ada")]
    [InlineData("root")]
    public async Task What_the_shell_says_after_the_files_is_its_answer(string user)
    {
        Answer(new ScriptedProcess("\n==berth-files-written== 0\nasked"));
        Assert.Equal(new EnteredContainer(null, "asked"), await UpdateAsync(user));
        Assert.Equal([user], _users);
    }

    [Fact]
    public async Task The_files_are_sent_when_the_shell_has_printed_those_before()
    {
        var shells = new[] { "", "before" }.Select(text => new ScriptedProcess($"{text}\n==berth-end-of-file==\n")).ToList();
        Answer(shells[0], new ScriptedProcess(), shells[1]);
        await UpdateAsync();
        Assert.All(shells, shell => Assert.StartsWith("\n{", shell.Input, StringComparison.Ordinal));
    }

    /// <summary>Containers that an older version made have such a folder when they start again.</summary>
    [Fact]
    public async Task A_folder_that_is_roots_is_given_to_everybody()
    {
        Answer(
            new ScriptedProcess("mkdir: denied\n==berth-files-written== 1\nasked"), new ScriptedProcess(),
            new ScriptedProcess("\n==berth-files-written== 0\nasked"));
        Assert.Equal(new EnteredContainer(null, "asked"), await UpdateAsync());
        Assert.Equal(["ada", "0", "ada"], _users);
    }

    [Theory]
    [InlineData("ada")]
    [InlineData("0")]
    public async Task Files_that_cannot_be_written_are_told_with_the_reason(string user)
    {
        var denied = new ScriptedProcess("mkdir: denied\n==berth-files-written== 1\nasked");
        Answer(denied, new ScriptedProcess(), new ScriptedProcess("mkdir: denied\n==berth-files-written== 1\nasked"));
        var entered = await UpdateAsync(user);
        Assert.Equal("the files for docker cannot be written inside: mkdir: denied", entered.Fault);
        Assert.Equal("asked", entered.Answer);
    }

    [Fact]
    public async Task A_shell_that_does_not_answer_is_ended_and_the_files_are_there()
    {
        var hanging = new ScriptedProcess("\n==berth-files-written== 0\n", until: new TaskCompletionSource().Task);
        Answer(hanging);
        _time.StopTimers();
        var update = UpdateAsync();
        Assert.False(update.IsCompleted);
        _time.ReleaseTimers();
        Assert.Equal(new EnteredContainer(null, null), await update);
        Assert.True(hanging.Killed.IsCompleted);
    }

    private void Answer(params ScriptedProcess[] processes)
    {
        var left = new Queue<ScriptedProcess>(processes);
        _engine.Processes = command =>
        {
            _users.Add(command.User);
            return left.Dequeue();
        };
    }

    private Task<EnteredContainer> UpdateAsync(string user = "ada") => new EnvironmentFiles(_engine, _time).UpdateAsync(
        "container", user, _ => new EnvironmentContent("{}", "", "", new GitInside(null, [])), Question,
        TestContext.Current.CancellationToken);
}
