using System.CommandLine;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Berth.Client;
using Berth.Client.Wire;
using Spectre.Console;

namespace Berth.Cli;

/// <summary>One run of a command: its arguments, the client for the server, and how answers are printed.</summary>
internal sealed class CommandCall(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken) : IDisposable
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly StringBuilder _found = new();
    private BerthClient? _client;

    public Terminal Terminal => terminal;

    public CancellationToken CancellationToken => cancellationToken;

    public bool Json => parsed.GetValue<bool>("--json") || Expression is not null;

    private string? Expression => parsed.GetValue<string?>("--jq");

    /// <summary>A client with the token of <c>BERTH_TOKEN</c>, or else the stored login.</summary>
    public BerthClient Client => _client ??= SignIn();

    public T Get<T>(Argument<T> argument) => parsed.GetValue(argument)!;

    public T? Get<T>(Option<T> option) => parsed.GetValue(option);

    public bool Has(Option option) => parsed.GetResult(option) is { Implicit: false };

    /// <summary>The server's URL: from <c>BERTH_URL</c>, the stored login, or the address at which a server listens by default.</summary>
    public static Uri UrlOf(Terminal terminal, StoredLogin? stored)
    {
        var text = terminal.Environment("BERTH_URL") is { Length: > 0 } url ? url : stored?.Url ?? "http://localhost:5000";
        return ParseUrl(text);
    }

    public static Uri ParseUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url
            : throw new CommandException(ExitCodes.Usage, $"'{text}' is no http or https URL of a server");

    /// <summary>Prints the value as JSON if that was asked for, and otherwise as <paramref name="show"/> writes it.</summary>
    public void Print<T>(T value, Action<TextWriter, T> show)
    {
        if (!Json)
        {
            show(terminal.Out, value);
            return;
        }

        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Indented))
        {
            JsonSerializer.Serialize(writer, value, BerthJson.Wire.Of<T>());
        }

        var json = Encoding.UTF8.GetString(stream.ToArray());
        if (Expression is null)
        {
            terminal.Out.WriteLine(json);
        }
        else
        {
            _found.AppendLine(json);
        }
    }

    /// <summary>Runs the command, and prints what <c>--jq</c> makes of its output.</summary>
    public async Task RunAsync(Func<CommandCall, Task> run)
    {
        if (Expression is not { } expression)
        {
            await run(this);
            return;
        }

        await Jq.CheckAsync(expression, cancellationToken);
        await run(this);
        await terminal.Out.WriteAsync(await Jq.ApplyAsync(expression, _found.ToString(), cancellationToken));
    }

    /// <summary>Prints a list as JSON or as a table. An empty list is reported on standard error, so that pipes get nothing.</summary>
    public void PrintList<T>(List<T> items, string nothing, params (string Title, Func<T, string?> Value)[] columns)
    {
        if (Json)
        {
            Print(items, (_, _) => { });
            return;
        }

        if (items.Count == 0)
        {
            terminal.Error.WriteLine(nothing);
            return;
        }

        var table = new Table().NoBorder();
        foreach (var (title, _) in columns)
        {
            table.AddColumn(new TableColumn(new Text(title)) { NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        }

        foreach (var item in items)
        {
            table.AddRow(columns.Select(column => new Text(column.Value(item) ?? "")));
        }

        // Spectre pads every line to the table's width, and pipes should not get those spaces.
        var buffer = new StringWriter();
        (terminal with { Out = buffer }).Screen().Write(table);
        foreach (var line in buffer.ToString().TrimEnd('\n').Split('\n'))
        {
            terminal.Out.WriteLine(line.TrimEnd());
        }
    }

    /// <summary>Tells people what was done, on standard error, so that <c>--json</c> and pipes get only the result.</summary>
    public void WriteDone(string done) => terminal.Error.WriteLine(done);

    /// <summary>Prints the details of one thing, with a name and a value on each line.</summary>
    public static void Details(TextWriter writer, params (string Name, object? Value)[] lines)
    {
        var shown = lines.Where(line => line.Value is not null and not "").ToArray();
        var width = shown.Max(line => line.Name.Length) + 2;
        foreach (var (name, value) in shown)
        {
            writer.WriteLine((name + ":").PadRight(width) + value);
        }
    }

    public void Dispose() => _client?.Dispose();

    private BerthClient SignIn()
    {
        var stored = StoredLogin.Load(terminal);
        var url = UrlOf(terminal, stored);
        if (terminal.Environment("BERTH_TOKEN") is { Length: > 0 } token)
        {
            return new BerthClient(url, token.Trim());
        }

        // A stored token is sent only to the server that it was stored for.
        return stored is not null && ParseUrl(stored.Url).Authority == url.Authority
            ? new BerthClient(url, stored.Token)
            : throw new CommandException(
                ExitCodes.NotSignedIn,
                $"not signed in to {url.GetLeftPart(UriPartial.Authority)}; run: berth login {url.GetLeftPart(UriPartial.Authority)} < "
                    + "token-file, or set BERTH_TOKEN");
    }
}
