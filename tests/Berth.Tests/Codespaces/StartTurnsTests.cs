using Berth.Server.Codespaces;
using Berth.Tests.TestServer;

namespace Berth.Tests.Codespaces;

/// <summary>The starts of one user do not keep another user's from starting.</summary>
public sealed class StartTurnsTests
{
    private const long Ada = 1;
    private const long Bob = 2;
    private const long Eve = 3;
    private readonly ManualTimeProvider _time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void One_person_has_some_turns_and_leaves_the_rest_to_others()
    {
        var turns = Turns(4, 2);
        Assert.Equal([true, true, false, false], Take(turns, Ada, Ada, Ada, Ada).Select(turn => turn.IsCompleted));
        Assert.Equal([true, true, false], Take(turns, Bob, Eve, Eve).Select(turn => turn.IsCompleted));
    }

    [Fact]
    public async Task The_next_turn_is_of_whoever_has_the_fewest_and_then_of_who_has_waited_longest()
    {
        var turns = Turns(3, 3);
        var going = Take(turns, Ada, Ada, Bob);
        var waiting = Take(turns, Ada, Bob, Eve, Eve);
        (await going[0]).End();
        Assert.Equal([false, false, true, false], waiting.Select(turn => turn.IsCompleted));
        (await going[1]).End();
        Assert.Equal([true, false, true, false], waiting.Select(turn => turn.IsCompleted));
        (await going[2]).End();
        Assert.Equal([true, true, true, false], waiting.Select(turn => turn.IsCompleted));
        (await waiting[2]).End();
        Assert.True(waiting[3].IsCompleted);
    }

    [Fact]
    public async Task A_turn_is_given_back_once()
    {
        var turns = Turns(1, 1);
        var turn = await turns.TakeAsync(Ada, Cancel);
        turn.End();
        turn.End();
        turn.Dispose();
        Assert.Equal([true, false], Take(turns, Bob, Eve).Select(next => next.IsCompleted));
    }

    [Fact]
    public void A_start_that_lasts_lets_others_go_and_counts_among_its_persons()
    {
        _time.StopTimers();
        var turns = Turns(2, 2);
        Take(turns, Ada, Ada);
        var waiting = Take(turns, Ada, Bob);
        _time.ReleaseTimers();
        Assert.Equal([false, true], waiting.Select(turn => turn.IsCompleted));
    }

    [Fact]
    public async Task Whoever_leaves_before_the_turn_comes_takes_none()
    {
        var turns = Turns(1, 1);
        var turn = await turns.TakeAsync(Ada, Cancel);
        using var leaving = new CancellationTokenSource();
        var left = turns.TakeAsync(Bob, leaving.Token);
        var next = turns.TakeAsync(Eve, Cancel);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        Assert.False(next.IsCompleted);
        turn.End();
        await next;
    }

    private StartTurns Turns(int most, int perPerson) =>
        new(new CodespaceOptions { MaxStarts = most, MaxStartsPerUser = perPerson }, _time);

    private static List<Task<StartTurn>> Take(StartTurns turns, params long[] persons) =>
        [.. persons.Select(person => turns.TakeAsync(person, Cancel))];
}
