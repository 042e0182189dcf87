using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Berth.Client;
using Berth.Client.Wire;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>Terminals, files and ports of a codespace, through the server.</summary>
public sealed class ConnectionTests(SharedServer shared)
{
    private const string WebServer = "mkdir -p /tmp/www && echo 'hello from inside' > /tmp/www/index.html && (httpd -p 127.0.0.1:8080 -h "
        + "/tmp/www)";

    [Fact]
    public async Task A_process_gets_input_a_terminal_and_its_size_and_ends_with_its_client()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var name = await StartAsync(world);
        using var client = new BerthClient(world.Server.Url, world.Ada.Token);
        var cancel = TestContext.Current.CancellationToken;

        Assert.Equal((7, "HELLO"), await RunAsync(client, name, new ProcessStart(["sh", "-c", "tr a-z A-Z; exit 7"]), "hello"));

        // The engine sets the size of a terminal after the process has begun.
        const string Size = "test -t 0; until stty size 2> /dev/null | grep .; do sleep 0.05; done; echo $TERM; id -un";
        var (code, terminal) = await RunAsync(
            client, name, new ProcessStart(["sh", "-c", Size]) { Tty = true, Rows = 33, Columns = 99, Term = "xterm" }, null);
        Assert.Equal((0, "33 99\r\nxterm\r\ndev\r\n"), (code, terminal));

        Task UntilSleepingAsync(string seconds, int processes) => Patience.UntilAsync(
            async () => (await world.ExecAsync(name, $"ps | grep -c '[s]leep {seconds}'")).Output == $"{processes}\n",
            $"there are {processes} processes with 'sleep {seconds}'");
        using (await client.StartProcessAsync(
            name, new ProcessStart(["sh", "-c", "sleep 12345 & sleep 12345; true"]) { Tty = true }, cancel))
        {
            // The shell and both of its children run.
            await UntilSleepingAsync("12345", 3);
        }

        await UntilSleepingAsync("12345", 0);

        // The same without a terminal, over the plain request.
        using (var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v3/user/codespaces/{name}/exec")
        {
            Content = JsonContent.Create(new { command = new[] { "sleep", "54321" } }),
        })
        using (await world.Api.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel))
        {
            await UntilSleepingAsync("54321", 1);
        }

        await UntilSleepingAsync("54321", 0);
        await world.ExecAsync(name, "mkdir below");
        Assert.Equal(
            (0, "/workspaces/app/below\n"), await RunAsync(client, name, new ProcessStart(["pwd"]) { WorkingDirectory = "below" }, null));
        Assert.Equal((0, "/tmp\n"), await RunAsync(client, name, new ProcessStart(["pwd"]) { WorkingDirectory = "/tmp" }, null));
    }

    [Fact]
    public async Task Files_go_in_and_out()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var name = await StartAsync(world);
        using var folder = new TemporaryFolder();
        var tree = folder.Create("tree");
        Directory.CreateDirectory(Path.Combine(tree, "below"));
        await File.WriteAllTextAsync(Path.Combine(tree, "below", "file.txt"), "content", TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(Path.Combine(tree, "link"), "below/file.txt");
        var berth = Cli(world);

        await berth.RunAsync("codespace", "cp", tree, name + ":.");
        Assert.Equal(
            "content dev content\n",
            (await world.ExecAsync(
                name, "echo $(cat tree/link) $(stat -c %U tree/below/file.txt) $(cat /workspaces/app/tree/below/file.txt)")).Output);
        await berth.RunAsync("codespace", "cp", Path.Combine(tree, "below", "file.txt"), name + ":/tmp/renamed");
        Assert.Equal("content", (await world.ExecAsync(name, "cat /tmp/renamed")).Output);

        await world.ExecAsync(name, "echo from inside > tree/below/file.txt");
        await berth.RunAsync("codespace", "cp", name + ":tree", folder["back"]);
        Assert.Equal(
            "from inside\n",
            await File.ReadAllTextAsync(Path.Combine(folder["back"], "below", "file.txt"), TestContext.Current.CancellationToken));
        Assert.Contains(
            "there is no", (await berth.RefusedAsync("codespace", "cp", name + ":nothing", folder["x"])).Error, StringComparison.Ordinal);

        // A program inside makes links for whoever copies the folder. They must lead nowhere.
        await world.ExecAsync(name, "mkdir evil && ln -s /etc evil/etc && ln -s /etc/passwd evil/passwd");
        await berth.TryAsync(null, "codespace", "cp", name + ":evil", folder["evil"]);
        Assert.False(
            Directory.Exists(Path.Combine(folder["evil"], "etc"))
                && new DirectoryInfo(Path.Combine(folder["evil"], "etc")).LinkTarget is null);
        using var dots = await world.Api.GetAsync(
            new Uri($"/api/v3/user/codespaces/{name}/files?path=../../etc/passwd", UriKind.Relative),
            TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, dots.StatusCode);
    }

    [Fact]
    public async Task The_command_line_has_a_terminal_and_forwards_a_port()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        Requirement.Program("script");
        var name = await StartAsync(world);
        var berth = Cli(world);
        Assert.Equal("abc", (await berth.RunWithInputAsync("cba", "codespace", "exec", "-i", name, "--", "rev")).Text);
        var dll = CliDll;
        var script = new Command("script", "--quiet", "--return", "/dev/null", "--command");
        foreach (var (variable, value) in berth.Environment)
        {
            script.Environment[variable] = value;
        }

        var terminal = await script.TryAsync(
            null,
            $"stty rows 40 cols 100; dotnet {dll} codespace exec -it {name} -- sh -c 'tty; until stty size 2>/dev/null | grep .; do sleep "
                + "0.05; done; exit 9'");
        Assert.Contains("/dev/pts/", terminal.Text, StringComparison.Ordinal);
        Assert.Contains("40 100", terminal.Text, StringComparison.Ordinal);
        Assert.Equal(9, terminal.ExitCode);

        await world.ExecAsync(name, WebServer);
        using var client = new BerthClient(world.Server.Url, world.Ada.Token);
        using var tunnel = await client.ForwardAsync(name, 8080, TestContext.Current.CancellationToken);
        await tunnel.SendAsync(
            Encoding.ASCII.GetBytes("GET / HTTP/1.0\r\n\r\n"), WebSocketMessageType.Binary, true, TestContext.Current.CancellationToken);
        await tunnel.SendAsync(ReadOnlyMemory<byte>.Empty, WebSocketMessageType.Binary, true, TestContext.Current.CancellationToken);
        Assert.Contains("hello from inside", await TextAsync(tunnel), StringComparison.Ordinal);
        var closed = await Assert.ThrowsAsync<BerthException>(() => client.ForwardAsync(name, 8081, TestContext.Current.CancellationToken));
        Assert.Contains("nothing answers at port 8081", closed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_but_the_creator_reaches_into_it()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var name = await StartAsync(world);
        var bob = await world.Server.UserAsync("bob");
        using var theirs = bob.Api();
        var own = (await world.ExecAsync(name, "printf %s $GITHUB_TOKEN")).Output;
        using var inside = world.Server.Client(own);
        foreach (var (client, status) in new[]
        {
            (world.Server.Admin, HttpStatusCode.NotFound),
            (theirs, HttpStatusCode.NotFound),
            (inside, HttpStatusCode.Forbidden),
        })
        {
            foreach (var path in new[] { "exec", "forward?port=80", "files?path=/etc/passwd", "ssh", "ssh/connect" })
            {
                using var answer = await client.GetAsync(
                    new Uri($"/api/v3/user/codespaces/{name}/{path}", UriKind.Relative), TestContext.Current.CancellationToken);
                Assert.Equal(status, answer.StatusCode);
            }

            using var link = await client.PostAsync(
                new Uri($"/api/v3/user/codespaces/{name}/ports/8080/link", UriKind.Relative), null, TestContext.Current.CancellationToken);
            Assert.Equal(status, link.StatusCode);
        }
    }

    [Fact]
    public async Task A_port_opens_in_the_creators_browser_and_serves_nothing_of_Berths()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var name = await StartAsync(world);
        await world.ExecAsync(name, WebServer);
        var port = await Accounts.PostAsync(world.Api, $"/api/v3/user/codespaces/{name}/ports/8080/link", new { });
        var host = new Uri(port.GetProperty("url").GetString()!).Host;
        Assert.Equal($"{name}-8080.localhost", host);
        using var browser = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectCallback = async (_, cancel) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync("localhost", world.Server.Url.Port, cancel);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        { BaseAddress = new Uri($"http://{host}:{world.Server.Url.Port}") };
        async Task<(HttpStatusCode Status, string Text, string? Cookie)> GetAsync(
            string path, string? cookie = null, string? authorization = null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            if (cookie is not null)
            {
                request.Headers.Add("Cookie", cookie);
            }

            if (authorization is not null)
            {
                request.Headers.TryAddWithoutValidation("Authorization", authorization);
            }

            using var response = await browser.SendAsync(request, TestContext.Current.CancellationToken);
            return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
                response.Headers.TryGetValues("Set-Cookie", out var cookies) ? cookies.First() : null);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync("/")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync("/", authorization: "Bearer " + world.Ada.Token)).Status);
        var link = new Uri(port.GetProperty("sign_in_url").GetString()!).PathAndQuery;
        var signedIn = await GetAsync(link);
        Assert.Equal(HttpStatusCode.Redirect, signedIn.Status);
        Assert.Contains("httponly", signedIn.Cookie, StringComparison.Ordinal);
        Assert.DoesNotContain("domain", signedIn.Cookie, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(link)).Status);
        var cookie = signedIn.Cookie!.Split(';')[0];
        Assert.Equal(
            (HttpStatusCode.OK, "hello from inside\n"), ((await GetAsync("/", cookie)).Status, (await GetAsync("/", cookie)).Text));
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync("/api/v3/user/codespaces", cookie, "Bearer " + world.Ada.Token)).Status);

        // The program inside sees its own headers, but neither the cookie nor the token of Berth.
        await world.ExecAsync(
            name,
            "mkdir -p /tmp/www/cgi-bin && printf '#!/bin/sh\\necho; echo; env' > /tmp/www/cgi-bin/env && chmod +x /tmp/www/cgi-bin/env");
        var seen = (await GetAsync("/cgi-bin/env", cookie + "; theirs=1", "Bearer " + world.Ada.Token)).Text;
        Assert.Contains("HTTP_COOKIE=theirs=1", seen, StringComparison.Ordinal);
        Assert.DoesNotContain(cookie, seen, StringComparison.Ordinal);
        Assert.DoesNotContain(world.Ada.Token, seen, StringComparison.Ordinal);

        // The cookie is not valid after a stop.
        (await world.StopAsync(name)).Is("Shutdown");
        (await world.StartAsync(name)).Is("Available");
        await world.ExecAsync(name, WebServer);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync("/", cookie)).Status);
    }

    private static string CliDll => Path.Combine(TestSettings.Root, "artifacts", "bin", "Berth.Cli", "debug", "berth.dll");

    private static Command Cli(CodespaceWorld world)
    {
        var berth = new Command("dotnet", CliDll);
        berth.Environment["BERTH_URL"] = world.Server.Url.GetLeftPart(UriPartial.Authority);
        berth.Environment["BERTH_TOKEN"] = world.Ada.Token;
        return berth;
    }

    private static async Task<string> StartAsync(CodespaceWorld world)
    {
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{ "image": "{{image}}", "remoteUser": "dev" }"""));
        await world.GrantAsync("dev", repository);
        return (await world.CreateAsync(repository)).Is("Available").Name;
    }

    private static async Task<(int Code, string Output)> RunAsync(BerthClient client, string name, ProcessStart start, string? input)
    {
        using var process = await client.StartProcessAsync(name, start, TestContext.Current.CancellationToken);
        if (input is not null)
        {
            await process.WriteAsync(Encoding.UTF8.GetBytes(input), TestContext.Current.CancellationToken);
            await process.WriteAsync(ReadOnlyMemory<byte>.Empty, TestContext.Current.CancellationToken);
        }

        var output = new StringBuilder();
        var code = await process.ReadAsync(
            (_, piece) =>
            {
                output.Append(Encoding.UTF8.GetString(piece.Span));
                return Task.CompletedTask;
            },
            TestContext.Current.CancellationToken);
        return (code, output.ToString());
    }

    private static async Task<string> TextAsync(WebSocket socket)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (true)
        {
            var result = await socket.ReceiveAsync(buffer.AsMemory(), TestContext.Current.CancellationToken);
            if (result.MessageType == WebSocketMessageType.Close || result is { Count: 0, EndOfMessage: true })
            {
                return text.ToString();
            }

            text.Append(Encoding.UTF8.GetString(buffer, 0, result.Count));
        }
    }
}
