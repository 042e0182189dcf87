using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Berth.SystemTests.Fixtures.Tools;
using Berth.Tests.TestServer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Berth.SystemTests.Fixtures.Codespaces;

/// <summary>A private git server on loopback: git's own http-backend (git-http-backend(1)) behind Basic authentication.</summary>
internal sealed class GitServer : IAsyncDisposable
{
    private readonly string _root;
    private readonly string _expected;
    private readonly WebApplication _app;

    private GitServer(string root, string user, string password, bool secure)
    {
        _root = root;
        _expected = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        if (secure)
        {
            var (certificate, key) = SelfSigned.Write(root);
            CaFile = certificate;
            builder.WebHost.UseUrls([]);
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.UseHttps(
                System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPemFile(certificate, key))));
        }

        _app = builder.Build();
        _app.Run(ServeAsync);
    }

    /// <summary>The certificate to trust, if the server speaks https.</summary>
    public string? CaFile { get; }

    public string Url => _app.Urls.Single();

    /// <summary>Called and waited for before a request is answered.</summary>
    public Func<Task>? BeforeAnswer { get; set; }

    /// <summary>Whether anybody may read.</summary>
    public bool IsPublic { get; set; }

    /// <summary>The Authorization headers of all requests.</summary>
    public ConcurrentQueue<string> Seen { get; } = new();

    public static async Task<GitServer> StartAsync(string root, string user, string password, bool secure = false)
    {
        Requirement.Program("git");
        var server = new GitServer(root, user, password, secure);
        await server._app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    /// <summary>Makes a bare repository of these files below the folder.</summary>
    public static async Task CreateAsync(string root, string name, params (string Path, string Content)[] files)
    {
        var work = Directory.CreateDirectory(Path.Combine(root, name + ".work")).FullName;
        var git = new Command("git", "-C", work, "-c", "user.name=ada", "-c", "user.email=ada@example.com");
        await git.RunAsync("init", "--quiet", "--initial-branch=main");
        foreach (var (path, content) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(work, path))!);
            await File.WriteAllTextAsync(Path.Combine(work, path), content, TestContext.Current.CancellationToken);
        }

        await git.RunAsync("add", "--all");
        await git.RunAsync("commit", "--quiet", "--message", "first");
        await new Command("git").RunAsync("clone", "--quiet", "--bare", work, Path.Combine(root, name + ".git"));
    }

    /// <summary>Adds a commit that names the newest commit of another repository as a submodule.</summary>
    public static async Task AddSubmoduleAsync(string root, string name, string path, string url, string of)
    {
        var commit = (await new Command("git", "-C", Path.Combine(root, of + ".git")).RunAsync("rev-parse", "HEAD")).Text.Trim();
        var work = Path.Combine(root, name + ".work");
        var git = new Command("git", "-C", work, "-c", "user.name=ada", "-c", "user.email=ada@example.com");
        await File.AppendAllTextAsync(
            Path.Combine(work, ".gitmodules"), $"[submodule \"{path}\"]\n\tpath = {path}\n\turl = {url}\n",
            TestContext.Current.CancellationToken);
        await git.RunAsync("add", ".gitmodules");
        await git.RunAsync("update-index", "--add", "--cacheinfo", $"160000,{commit},{path}");
        await git.RunAsync("commit", "--quiet", "--message", "submodule");
        await git.RunAsync("push", "--quiet", Path.Combine(root, name + ".git"), "main");
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task ServeAsync(HttpContext http)
    {
        var authorization = http.Request.Headers.Authorization.ToString();
        if (authorization.Length > 0)
        {
            Seen.Enqueue(authorization);
        }

        if (!IsPublic && authorization != _expected)
        {
            http.Response.StatusCode = 401;
            http.Response.Headers.WWWAuthenticate = "Basic realm=\"git\"";
            return;
        }

        await (BeforeAnswer?.Invoke() ?? Task.CompletedTask);
        using var backend = Process.Start(Backend(http.Request))!;
        await http.Request.Body.CopyToAsync(backend.StandardInput.BaseStream, http.RequestAborted);
        backend.StandardInput.Close();
        await AnswerAsync(http.Response, backend.StandardOutput.BaseStream);
        await backend.WaitForExitAsync(http.RequestAborted);
    }

    private ProcessStartInfo Backend(HttpRequest request)
    {
        // The owner of the folders does not matter to a test.
        var info = new ProcessStartInfo("git", ["-c", "safe.directory=*", "http-backend"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        foreach (var (name, value) in new[]
        {
            ("GIT_PROJECT_ROOT", _root), ("GIT_HTTP_EXPORT_ALL", "1"), ("PATH_INFO", request.Path.Value!),
            ("QUERY_STRING", request.QueryString.Value!.TrimStart('?')),
            ("REQUEST_METHOD", request.Method), ("CONTENT_TYPE", request.ContentType ?? ""), ("REMOTE_USER", "ada"),
            ("REMOTE_ADDR", "127.0.0.1"),
            ("GIT_PROTOCOL", request.Headers["Git-Protocol"].ToString()),
            ("HTTP_CONTENT_ENCODING", request.Headers.ContentEncoding.ToString()),
        })
        {
            info.Environment[name] = value;
        }

        return info;
    }

    /// <summary>The output has headers, an empty line, and the body (RFC 3875).</summary>
    private static async Task AnswerAsync(HttpResponse response, Stream output)
    {
        using var buffer = new MemoryStream();
        await output.CopyToAsync(buffer, response.HttpContext.RequestAborted);
        var bytes = buffer.ToArray();
        var end = bytes.AsSpan().IndexOf("\r\n\r\n"u8);
        foreach (var line in Encoding.ASCII.GetString(bytes, 0, end).Split("\r\n"))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var (name, value) = (line[..colon], line[(colon + 1)..].Trim());
            if (name == "Status")
            {
                response.StatusCode = int.Parse(value.Split(' ')[0], CultureInfo.InvariantCulture);
            }
            else
            {
                response.Headers[name] = value;
            }
        }

        await response.Body.WriteAsync(bytes.AsMemory(end + 4), response.HttpContext.RequestAborted);
    }
}
