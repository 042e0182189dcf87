using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using Berth.Server.Codespaces.Environment;
using Berth.Server.Database;

namespace Berth.Server.Codespaces;

/// <summary>One line of a creation log.</summary>
internal sealed record LogLine
{
    public long Id { get; init; }

    public long Attempt { get; init; }

    public DateTimeOffset At { get; init; }

    public string Step { get; init; } = "";

    public string Line { get; init; } = "";

    /// <summary>The line as the log shows it to people.</summary>
    public string ToText() => $"{At.ToUniversalTime():yyyy-MM-dd'T'HH:mm:ss.fff'Z'} [{Step}] {Line}\n";
}

/// <summary>The creation logs: rows, and a signal for those who follow one.</summary>
internal sealed class CodespaceLog(Db db, TimeProvider time)
{
    private readonly ConcurrentDictionary<long, TaskCompletionSource> _waiting = new();

    /// <summary>Opens the log for lines of one attempt. Disposing the writer makes sure that they are stored.</summary>
    public CodespaceLogWriter Open(Codespace codespace) => new(this, db, time, codespace.Id, codespace.Attempt);

    /// <summary>Lines after <paramref name="after"/>, oldest first.</summary>
    /// <param name="attempt">Null: lines of all attempts.</param>
    /// <param name="after">The last line that the caller knows. 0 for all lines.</param>
    public Task<List<LogLine>> ReadAsync(long codespace, long? attempt, long after, CancellationToken cancellationToken) => db.ReadAsync(
        session => session.QueryAsync<LogLine>(
            """
            select id, attempt, at, step, line from codespace_log
            where codespace_id = @codespace and id > @after and (@all = 1 or attempt = @attempt)
            order by id limit 1000
            """,
            new { codespace, after, attempt = attempt ?? 0, all = attempt is null ? 1 : 0 }),
        cancellationToken);

    /// <summary>A task that ends when the log or state of a codespace changes; take it before reading.</summary>
    public Task ChangedAsync(long codespace) =>
        _waiting.GetOrAdd(codespace, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public void Changed(long codespace)
    {
        if (_waiting.TryRemove(codespace, out var waiting))
        {
            waiting.TrySetResult();
        }
    }
}

/// <summary>Takes lines from several sources and stores them in order, many in one transaction.</summary>
internal sealed partial class CodespaceLogWriter : IAsyncDisposable
{
    private const int MaxLines = 20_000;
    private const int MaxLength = 4_000;
    private readonly CodespaceLog _log;
    private readonly Db _db;
    private readonly TimeProvider _time;
    private readonly long _codespace;
    private readonly long _attempt;
    private readonly Channel<Entry> _lines = Channel.CreateUnbounded<Entry>(new() { SingleReader = true });
    private readonly Task _storing;
    private int _count;
    private readonly SecretMask _mask = new();

    public CodespaceLogWriter(CodespaceLog log, Db db, TimeProvider time, long codespace, long attempt)
    {
        (_log, _db, _time, _codespace, _attempt) = (log, db, time, codespace, attempt);
        _storing = StoreAsync();
    }

    /// <summary>Hides a value from the log, no matter who prints it.</summary>
    public void Mask(string secret) => _mask.Add([secret]);

    public void Mask(IEnumerable<string> secrets) => _mask.Add(secrets);

    /// <summary>Cleans a text as a line of the log is cleaned. Also used for texts that are stored elsewhere.</summary>
    public string Masked(string text)
    {
        // Colours and control characters would act on the terminal of the reader. PostgreSQL rejects NUL and half a surrogate pair.
        var clean = Escapes().Replace(_mask.Apply(text), "").Trim();
        if (clean.Length > MaxLength)
        {
            clean = clean[..(MaxLength - ToolProcess.Cut.Length)] + ToolProcess.Cut;
        }

        return string.Create(clean.Length, clean, (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(source[i]) && source[i] != '\t'
                    ? ' '
                    : IsHalf(source.AsSpan(0, span.Length), i) ? '\uFFFD' : source[i];
            }
        });
    }

    public void Write(string step, string line)
    {
        var count = Interlocked.Increment(ref _count);
        if (count > MaxLines)
        {
            return;
        }

        var text = Masked(count == MaxLines ? "the log is full; further lines are left out" : line);
        if (text.Length == 0)
        {
            return;
        }

        _lines.Writer.TryWrite(new Entry(new LogLine { Attempt = _attempt, At = _time.GetUtcNow(), Step = step, Line = text }, null));
    }

    /// <summary>Ends when everything written so far is stored.</summary>
    public async Task FlushAsync()
    {
        var stored = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _lines.Writer.TryWrite(new Entry(null, stored));
        await await Task.WhenAny(stored.Task, _storing);
    }

    private static bool IsHalf(ReadOnlySpan<char> text, int at) =>
        char.IsHighSurrogate(text[at]) ? at + 1 >= text.Length || !char.IsLowSurrogate(text[at + 1])
        : char.IsLowSurrogate(text[at]) && (at == 0 || !char.IsHighSurrogate(text[at - 1]));

    public async ValueTask DisposeAsync()
    {
        _lines.Writer.TryComplete();
        await _storing;
    }

    /// <summary>A line, or a caller who waits until the lines before it are stored.</summary>
    private sealed record Entry(LogLine? Line, TaskCompletionSource? Stored);

    private async Task StoreAsync()
    {
        while (await _lines.Reader.WaitToReadAsync())
        {
            List<Entry> batch = [];
            while (batch.Count < 200 && _lines.Reader.TryRead(out var entry))
            {
                batch.Add(entry);
            }

            // Lines are kept even when their start is being cancelled: they say why.
            await _db.WriteUnderLocksAsync(
                session => InsertAsync(session, [.. batch.Select(entry => entry.Line).OfType<LogLine>()]), CancellationToken.None);
            batch.ForEach(entry => entry.Stored?.SetResult());
            _log.Changed(_codespace);
        }
    }

    /// <summary>ECMA-48 control sequences.</summary>
    [GeneratedRegex(@"\x1b\[[0-?]*[ -/]*[@-~]", RegexOptions.None, 1000)]
    private static partial Regex Escapes();

    private async Task InsertAsync(DbSession session, List<LogLine> batch)
    {
        foreach (var line in batch)
        {
            // The codespace may have been deleted while its start was still talking.
            await session.ExecuteAsync(
                """
                insert into codespace_log (codespace_id, attempt, at, step, line)
                select id, @Attempt, @At, @Step, @Line from codespaces where id = @codespace
                """,
                new { codespace = _codespace, line.Attempt, line.At, line.Step, line.Line });
        }
    }
}
