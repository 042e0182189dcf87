namespace Berth.Server.Settings;

/// <summary>The settings of one server. Each is an environment variable, <c>BERTH_</c> and the name in upper case with underscores.</summary>
public sealed class BerthOptions
{
    /// <summary>host:port to listen on; <c>localhost</c> means both address families, port 0 picks a free one (address hosts only).</summary>
    public string Listen { get; set; } = "localhost:5000";

    /// <summary>The URL that clients use: token realm, links. Plain http only for loopback or behind a trusted proxy.</summary>
    public string Url { get; set; } = "http://localhost:5000";

    /// <summary>Serve each surface on a host of its own: <c>containers.HOST</c> the registry, <c>HOST</c> API and pages.</summary>
    public bool Subdomains { get; set; }

    /// <summary>Where forwarded ports of codespaces open in a browser, as <c>NAME-PORT.DOMAIN</c>. Default: off, except <c>localhost</c> where <c>Url</c> is loopback.</summary>
    public string? PortsDomain { get; set; }

    /// <summary>Folder for everything embedded; one process holds it at a time.</summary>
    public string Data { get; set; } = "./data";

    /// <summary><c>sqlite:PATH</c>, or <c>postgres:</c> followed by an Npgsql connection string. Default: <c>sqlite:DATA/berth.db</c>.</summary>
    public string? Database { get; set; }

    /// <summary><c>file:PATH</c>. Default: <c>file:DATA/blobs</c>.</summary>
    public string? Blobs { get; set; }

    /// <summary>Token of the first administrator, at least 20 characters; without it one is made at first start.</summary>
    public string? AdminToken { get; set; }

    /// <summary>The key that wraps the server's own keys. Default: <c>DATA/master.key</c>.</summary>
    public string? MasterKeyFile { get; set; }

    /// <summary>PEM file with the certificate (chain); with it the server speaks https.</summary>
    public string? TlsCertFile { get; set; }

    /// <summary>PEM file with the certificate's key.</summary>
    public string? TlsKeyFile { get; set; }

    /// <summary>Addresses and networks (comma separated) whose <c>X-Forwarded-*</c> headers are believed.</summary>
    public string? TrustedProxies { get; set; }

    /// <summary>PEM file with certificates to trust beside the system's, for Berth's own requests, git and the dev container tools.</summary>
    public string? CaFile { get; set; }

    /// <summary>Networks and hosts (comma separated) that outgoing requests may reach besides globally routable addresses.</summary>
    public string? AllowedNetworks { get; set; }

    /// <summary>Lets site administrators give repositories a <c>file:</c> clone URL.</summary>
    public bool AllowFileClone { get; set; }

    /// <summary>Hosts (comma separated) of token services to which a login of a registry on another domain may be sent.</summary>
    public string? TokenRealms { get; set; }

    /// <summary>Replaces AWS's addresses for ECR logins, for private endpoints and tests: an http or https URL.</summary>
    public string? EcrEndpoint { get; set; }

    /// <summary>The container engine for codespaces: <c>unix://PATH</c>.</summary>
    public string DockerHost { get; set; } = "unix:///var/run/docker.sock";

    /// <summary>The dev container CLI (<c>devcontainer</c> of npm's @devcontainers/cli). Default: the one on PATH.</summary>
    public string? DevcontainerCli { get; set; }

    /// <summary>
    /// Where workspaces of codespaces lie: <c>image</c>, each in a filesystem of its own with a size, or <c>folder</c>, for machines without loop devices.
    /// </summary>
    public string Workspaces { get; set; } = "image";

    /// <summary>The addresses that codespaces' own networks are cut from, 32 each.</summary>
    public string CodespaceNetworks { get; set; } = "10.213.0.0/16";

    /// <summary>The largest machine type that is offered. Default: the largest that this host has the cores and memory for.</summary>
    public string? LargestMachine { get; set; }

    /// <summary>What the containers of a codespace may write outside its workspace, in GiB. Default: as much as the workspace may hold.</summary>
    public double? MaxContainerGiB { get; set; }

    /// <summary>How many codespaces one user may have.</summary>
    public double MaxCodespacesPerUser { get; set; } = 20;

    /// <summary>The largest blob, in GiB.</summary>
    public double MaxLayerGiB { get; set; } = 10;

    /// <summary>The largest manifest, in MiB.</summary>
    public double MaxManifestMiB { get; set; } = 4;

    /// <summary>How long an unfinished upload is kept, in hours.</summary>
    public double UploadLifetimeHours { get; set; } = 24;

    /// <summary>How long a blob that no manifest holds stays after its last use, in hours.</summary>
    public double BlobGraceHours { get; set; } = 24;

    /// <summary>How long a deleted manifest can be restored, in days.</summary>
    public double DeletedRetentionDays { get; set; } = 30;

    /// <summary>Accept a manifest although some of what it names is not here: an index's manifests, an image's layers.</summary>
    public bool SparseManifests { get; set; }

    public string DataPath => Path.GetFullPath(Data);

    public string DatabaseSetting => string.IsNullOrEmpty(Database) ? "sqlite:" + Path.Combine(DataPath, "berth.db") : Database;

    public string BlobsSetting => string.IsNullOrEmpty(Blobs) ? "file:" + Path.Combine(DataPath, "blobs") : Blobs;

    public string MasterKeyPath => string.IsNullOrEmpty(MasterKeyFile) ? Path.Combine(DataPath, "master.key") : MasterKeyFile;

    public Uri BaseUri => new(Url.TrimEnd('/'), UriKind.Absolute);

    /// <summary>The name that images are addressed under, with the port where it is not the scheme's own: <c>localhost:5000</c>.</summary>
    public string RegistryHost => (Subdomains ? "containers." : "") + BaseUri.Authority;

    /// <summary>What follows the name and port of a forwarded port in its address, with the port of Berth: <c>localhost:5000</c>. Null: ports are not served.</summary>
    public string? PortsHost => (string.IsNullOrEmpty(PortsDomain) ? BaseUri.IsLoopback ? "localhost" : null : PortsDomain.ToLowerInvariant()) is { } domain
        ? domain + (BaseUri.IsDefaultPort ? "" : $":{BaseUri.Port}")
        : null;

    /// <summary>The origin of the registry's token endpoint.</summary>
    public string RegistryOrigin => $"{BaseUri.Scheme}://{RegistryHost}";
}
