using System.Formats.Tar;
using System.Net;
using Berth.Tests.Codespaces.Scripted;

namespace Berth.Tests.Codespaces.Connections;

/// <summary>Copies files into and out of a codespace. The scripts that a container would run do run, on this machine.</summary>
public sealed class CopyFilesTests(ScriptedServer scripted) : IClassFixture<ScriptedServer>, IAsyncLifetime
{
    private const UnixFileMode Runnable =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly DirectoryInfo _inside = Directory.CreateTempSubdirectory("berth-inside-");
    private readonly HttpClient _client = scripted.World.Server.Client(scripted.World.Ada.Token);
    private string _name = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private ScriptedContainers Engine => scripted.World.Engine;

    public async ValueTask InitializeAsync()
    {
        Engine.Processes = command => LocalProcess.Of(command);
        _name = await scripted.World.CreateAsync();
        await scripted.World.AvailableAsync(_name);
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        _inside.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_folder_comes_out_as_an_archive_under_its_own_name()
    {
        var tree = _inside.CreateSubdirectory("tree");
        await File.WriteAllTextAsync(Path.Combine(tree.FullName, "-odd name"), "content", Cancel);
        File.SetUnixFileMode(Path.Combine(tree.FullName, "-odd name"), Runnable);
        File.CreateSymbolicLink(Path.Combine(tree.FullName, "link"), "/etc/passwd");
        using var answer = await GetAsync(Inside("tree"));
        Assert.Equal("application/x-tar", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal(
            ["tree/ Directory", "tree/-odd name RegularFile Runnable content", "tree/link SymbolicLink /etc/passwd"],
            (await EntriesAsync(answer)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_link_comes_out_as_a_link_and_a_path_has_one_spelling()
    {
        File.CreateSymbolicLink(Inside("link"), "/etc/shadow");
        using var link = await GetAsync(Inside("link"));
        Assert.Equal(["link SymbolicLink /etc/shadow"], await EntriesAsync(link));
        await File.WriteAllTextAsync(Inside("x"), "y", Cancel);
        using var answer = await GetAsync($"/{_inside.FullName}//./x/");
        Assert.Equal(["x RegularFile y"], await EntriesAsync(answer));
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        foreach (var path in new[] { "nothing", "nothing/below", "-rf" })
        {
            using var answer = await GetAsync(Inside(path));
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            Assert.Contains(
                $"there is no {Inside(path)} in the codespace", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_folder_goes_into_a_folder_and_as_a_name_that_is_not_there()
    {
        var odd = new string('n', 120) + "-ü";
        var archive = await ArchiveAsync(
            new PaxTarEntry(TarEntryType.Directory, "tree"),
            new PaxTarEntry(TarEntryType.RegularFile, "tree/" + odd)
            {
                Mode = Runnable | UnixFileMode.SetUser,
                Uid = 4711,
                DataStream = new MemoryStream("content"u8.ToArray()),
            },
            new PaxTarEntry(TarEntryType.SymbolicLink, "tree/link") { LinkName = "../up" });
        foreach (var (path, lies) in new[] { ("", "tree"), ("new", "new"), ("tree", "tree/tree") })
        {
            using var answer = await PutAsync(Inside(path), "tree", archive);
            Assert.Equal($$"""{"path":"{{Inside(lies)}}"}""", await answer.Content.ReadAsStringAsync(Cancel));
            Assert.Equal("content", await File.ReadAllTextAsync(Inside(lies + "/" + odd), Cancel));
            Assert.Equal(Runnable, File.GetUnixFileMode(Inside(lies + "/" + odd)));
            Assert.Equal("../up", new FileInfo(Inside(lies + "/link")).LinkTarget);
        }
    }

    [Fact]
    public async Task A_file_replaces_a_file_and_a_link_to_one_but_no_folder()
    {
        var archive = await FileAsync("new");
        await File.WriteAllTextAsync(Inside("there"), "old", Cancel);
        await File.WriteAllTextAsync(Inside("elsewhere"), "untouched", Cancel);
        File.CreateSymbolicLink(Inside("link"), Inside("elsewhere"));
        foreach (var path in new[] { "there", "link" })
        {
            using var answer = await PutAsync(Inside(path), "x", archive);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal("new", await File.ReadAllTextAsync(Inside(path), Cancel));
            Assert.Null(new FileInfo(Inside(path)).LinkTarget);
        }

        Assert.Equal("untouched", await File.ReadAllTextAsync(Inside("elsewhere"), Cancel));
        _inside.CreateSubdirectory("sub/x");
        await RefusedAsync(await PutAsync(Inside("sub"), "x", archive), "only a folder can be copied over a folder");
        await RefusedAsync(
            await PutAsync(Inside("there"), "x", await ArchiveAsync(new PaxTarEntry(TarEntryType.Directory, "x"))),
            "a folder cannot replace what is no folder");
        await RefusedAsync(
            await PutAsync(Inside("nowhere/x"), "x", archive), $"there is no folder {Inside("nowhere")} in the codespace");
        await RefusedAsync(await PutAsync(Inside(""), "x", "no archive"u8.ToArray()), "the body is not a whole tar archive");
        await RefusedAsync(await PutAsync(Inside(""), "x", archive[..700]), "the body is not a whole tar archive");
    }

    [Fact]
    public async Task An_image_without_tar_copies_single_files()
    {
        var programs = Directory.CreateDirectory(Inside("programs")).FullName;
        foreach (var program in new[] { "cat", "wc", "chmod", "mv", "rm" })
        {
            File.CreateSymbolicLink(Path.Combine(programs, program), "/bin/" + program);
        }

        Engine.Processes = command => LocalProcess.Of(command, programs);
        using (var copied = await PutAsync(Inside(""), "file", await FileAsync("the content")))
        {
            Assert.Equal($$"""{"path":"{{Inside("file")}}"}""", await copied.Content.ReadAsStringAsync(Cancel));
        }

        Assert.Equal("the content", await File.ReadAllTextAsync(Inside("file"), Cancel));
        File.SetUnixFileMode(Inside("file"), Runnable);
        using var answer = await GetAsync(Inside("file"));
        Assert.Equal(["file RegularFile Runnable the content"], await EntriesAsync(answer));
        await RefusedAsync(await GetAsync(programs), "the image has no tar, without which only single files can be copied");
        await RefusedAsync(
            await PutAsync(Inside(""), "tree", await ArchiveAsync(new PaxTarEntry(TarEntryType.Directory, "tree"))),
            "the image has no tar, without which only single files can be copied");
        Assert.Empty(_inside.GetFiles(".berth*"));
    }

    [Fact]
    public async Task Copying_asks_the_engine_for_a_process_and_nothing_else()
    {
        var before = Engine.Calls.Count;
        using (await GetAsync(Inside("")))
        {
        }

        using (await PutAsync(Inside(""), "x", await FileAsync("x")))
        {
        }

        var calls = Engine.Calls.Skip(before).ToList();
        Assert.Equal(2, calls.Count(call => call == "Run"));
        Assert.DoesNotContain(calls, call => call.Contains("File", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_the_process_complains_about_is_the_answer()
    {
        Engine.Processes = _ => new ScriptedProcess(exitCode: 1, errors: "/x: permission denied\n");
        await RefusedAsync(await GetAsync("/x"), "/x: permission denied");
        Engine.Processes = _ => new ScriptedProcess("archive into\n", 2, errors: "tar: x: No space left\ntar: \u001b[31mend\n");
        await RefusedAsync(await PutAsync("/x", "x", await FileAsync("x")), "tar: x: No space left | tar: [31mend");
    }

    [Fact]
    public async Task A_copy_that_breaks_off_is_not_taken_for_the_whole()
    {
        Engine.Processes = _ => new ScriptedProcess("archive\nthe beginning", 2, errors: "tar: y: Cannot open");
        using var answer = await GetAsync("/x");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await Assert.ThrowsAnyAsync<Exception>(() => answer.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task The_process_ends_with_the_client()
    {
        var process = new ScriptedProcess("archive\nthe beginning", until: new TaskCompletionSource().Task);
        Engine.Processes = _ => process;
        using (await GetAsync("/x"))
        {
        }

        await process.Killed.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
    }

    [Theory]
    [InlineData("20.10.24+dfsg1", 1)]
    [InlineData("29.5.1", 0)]
    public async Task A_start_names_an_engine_with_known_holes_once(string version, int lines)
    {
        Engine.Version = version;
        var log = await scripted.World.LogNowAsync(await scripted.World.CreateAsync());
        Engine.Version = "29.5.1";
        Assert.Equal(lines, log.Split('\n').Count(line => line.Contains("CVE-2026-42306", StringComparison.Ordinal)));
    }

    private string Inside(string path) => Path.Combine(_inside.FullName, path);

    private async Task<HttpResponseMessage> GetAsync(string path)
    {
        return await _client.GetAsync(
            new Uri($"/api/v3/user/codespaces/{_name}/files?path={Uri.EscapeDataString(path)}", UriKind.Relative),
            HttpCompletionOption.ResponseHeadersRead, Cancel);
    }

    private async Task<HttpResponseMessage> PutAsync(string path, string name, byte[] archive)
    {
        using var content = new ByteArrayContent(archive);
        return await _client.PutAsync(
            new Uri($"/api/v3/user/codespaces/{_name}/files?path={Uri.EscapeDataString(path)}&name={name}", UriKind.Relative), content,
            Cancel);
    }

    private static async Task RefusedAsync(HttpResponseMessage answer, string words)
    {
        using (answer)
        {
            Assert.Contains(words, await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        }
    }

    private static Task<byte[]> FileAsync(string content) => ArchiveAsync(
        new PaxTarEntry(TarEntryType.RegularFile, "x") { DataStream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(content)) });

    private static async Task<byte[]> ArchiveAsync(params TarEntry[] entries)
    {
        using var archive = new MemoryStream();
        await using (var writer = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var entry in entries)
            {
                await writer.WriteEntryAsync(entry, Cancel);
                entry.DataStream?.Seek(0, SeekOrigin.Begin);
            }
        }

        return archive.ToArray();
    }

    private static async Task<List<string>> EntriesAsync(HttpResponseMessage answer)
    {
        List<string> entries = [];
        await using var reader = new TarReader(await answer.Content.ReadAsStreamAsync(Cancel));
        while (await reader.GetNextEntryAsync(copyData: true, Cancel) is { } entry)
        {
            var content = entry.DataStream is { } data ? await new StreamReader(data).ReadToEndAsync(Cancel) : entry.LinkName;
            var runs = entry.EntryType == TarEntryType.RegularFile && entry.Mode.HasFlag(UnixFileMode.UserExecute);
            var mode = runs ? " Runnable" : "";
            entries.Add($"{entry.Name} {entry.EntryType}{mode} {content}".TrimEnd());
        }

        return entries;
    }
}
