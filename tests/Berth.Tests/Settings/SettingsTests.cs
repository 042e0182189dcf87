using Berth.Server;
using Berth.Server.Codespaces;
using Berth.Server.Cryptography;
using Berth.Server.Http;
using Berth.Server.Packages;
using Berth.Server.Registry;
using Berth.Server.Settings;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Berth.Tests.Settings;

public sealed class SettingsTests
{
    [Theory]
    [InlineData(nameof(ListeningOptions.Listen), "BERTH_LISTEN")]
    [InlineData(nameof(CryptographyOptions.MasterKeyFile), "BERTH_MASTER_KEY_FILE")]
    [InlineData(nameof(TlsOptions.TlsCertFile), "BERTH_TLS_CERT_FILE")]
    [InlineData(nameof(RegistryOptions.MaxLayerGiB), "BERTH_MAX_LAYER_GIB")]
    [InlineData(nameof(OutgoingOptions.AllowFileClone), "BERTH_ALLOW_FILE_CLONE")]
    public void A_setting_has_a_variable(string property, string variable) => Assert.Equal(variable, SettingsFeature.VariableOf(property));

    [Fact]
    public void All_faults_are_reported_at_once()
    {
        var exception = Assert.Throws<OptionsValidationException>(() => BerthApplication.Build(
            [
                "--BERTH_URL=http://example.org/x", "--BERTH_LISTEN=nowhere", "--BERTH_DATABASE=mysql:x", "--BERTH_BLOBS=ftp:x",
                "--BERTH_ADMIN_TOKEN=short", "--BERTH_TLS_CERT_FILE=/nonexistent.pem", "--BERTH_ALLOWED_NETWORKS=10.0.0.0/99",
                "--BERTH_DOCKER_HOST=tcp://1.2.3.4", "--BERTH_MAX_LAYER_GIB=0",
            ]));
        Assert.Equal(
            [
                "BERTH_URL must have no path, query or user",
                "BERTH_URL may be plain http only for loopback, or behind a proxy named in BERTH_TRUSTED_PROXIES",
                "BERTH_LISTEN must be host:port with a host that is localhost, * or an address, not 'nowhere'",
                "BERTH_DATABASE must be sqlite:PATH or postgres:CONNECTION-STRING",
                "BERTH_BLOBS must be file:PATH",
                "BERTH_TLS_CERT_FILE and BERTH_TLS_KEY_FILE go together",
                "BERTH_TLS_CERT_FILE: no such file: /nonexistent.pem",
                "BERTH_ALLOWED_NETWORKS: '10.0.0.0/99' is not an address or a network such as 10.0.0.0/8, nor a host name",
                "BERTH_MAX_LAYER_GIB must be greater than 0, not 0",
                "BERTH_DOCKER_HOST must be a local socket, unix:///PATH",
                "BERTH_ADMIN_TOKEN must have at least 20 characters",
            ],
            exception.Failures);
    }

    [Fact]
    public void A_value_of_the_wrong_type_names_its_variable()
    {
        var exception = Assert.Throws<OptionsValidationException>(() => BerthApplication.Build(["--BERTH_SUBDOMAINS=perhaps"]));
        Assert.Equal(["BERTH_SUBDOMAINS: 'perhaps' is not a Boolean"], exception.Failures);
    }

    [Fact]
    public void Values_of_wrong_types_are_reported_with_the_faults_of_other_classes()
    {
        var exception = Assert.Throws<OptionsValidationException>(() => BerthApplication.Build(
            ["--BERTH_MAX_CONTAINER_GIB=much", "--Berth:SparseManifests=perhaps", "--BERTH_BLOBS=ftp:x", "--BERTH_SPARSE_INDEXES=true"]));
        Assert.Equal(
            [
                "BERTH_SPARSE_INDEXES is called BERTH_SPARSE_MANIFESTS now",
                "BERTH_BLOBS must be file:PATH",
                "Berth:SparseManifests: 'perhaps' is not a Boolean",
                "BERTH_MAX_CONTAINER_GIB: 'much' is not a Double",
            ],
            exception.Failures);
    }

    [Theory]
    [InlineData("BERTH_ALLOWED_NETWORKS=10.0.0.0/8,a b,10.0.0.0/99",
        "BERTH_ALLOWED_NETWORKS: 'a b' is not an address or a network such as 10.0.0.0/8, nor a host name",
        "BERTH_ALLOWED_NETWORKS: '10.0.0.0/99' is not an address or a network such as 10.0.0.0/8, nor a host name")]
    [InlineData("BERTH_TRUSTED_PROXIES=proxy.example.org,::1",
        "BERTH_TRUSTED_PROXIES: 'proxy.example.org' is not an address or a network such as 10.0.0.0/8")]
    [InlineData("BERTH_TOKEN_REALMS=a.example.org/x,b.example.org:8443,https://c.example.org",
        "BERTH_TOKEN_REALMS: 'a.example.org/x' is not a host such as auth.example.org or auth.example.org:8443",
        "BERTH_TOKEN_REALMS: 'https://c.example.org' is not a host such as auth.example.org or auth.example.org:8443")]
    [InlineData("BERTH_URL=ftp://example.org", "BERTH_URL must be an http or https URL, not 'ftp://example.org'")]
    [InlineData("BERTH_ECR_ENDPOINT=nowhere", "BERTH_ECR_ENDPOINT must be an http or https URL, not 'nowhere'")]
    [InlineData("BERTH_PORTS_DOMAIN=.example.org", "BERTH_PORTS_DOMAIN must be a DNS name such as ports.example.com, not '.example.org'")]
    [InlineData("BERTH_DATA=a\0b", "BERTH_DATA must be a path")]
    [InlineData("BERTH_TLS_KEY_FILE=/dev/null", "BERTH_TLS_CERT_FILE and BERTH_TLS_KEY_FILE go together")]
    [InlineData("BERTH_CA_FILE=/nonexistent.pem", "BERTH_CA_FILE: no such file: /nonexistent.pem")]
    [InlineData("BERTH_MAX_CODESPACES_PER_USER=-1.5", "BERTH_MAX_CODESPACES_PER_USER must be greater than 0, not -1.5")]
    [InlineData("BERTH_BLOB_GRACE_HOURS=NaN", "BERTH_BLOB_GRACE_HOURS must be greater than 0, not NaN")]
    [InlineData("BERTH_WORKSPACES=cloud", "BERTH_WORKSPACES must be image or folder, not 'cloud'")]
    [InlineData("BERTH_LARGEST_MACHINE=huge",
        "BERTH_LARGEST_MACHINE must be one of basicLinux32gb, standardLinux32gb, premiumLinux, largePremiumLinux, xLargePremiumLinux, not "
            + "'huge'")]
    [InlineData("BERTH_CODESPACE_NETWORKS=10.0.0.0/28",
        "BERTH_CODESPACE_NETWORKS must be an IPv4 network of at least 32 addresses such as 10.213.0.0/16, not '10.0.0.0/28'")]
    public void A_fault_names_its_variable_and_what_is_wanted(string setting, params string[] faults)
    {
        var exception = Assert.Throws<OptionsValidationException>(() => BerthApplication.Build(["--" + setting]));
        Assert.Equal(faults, exception.Failures);
    }

    [Theory]
    [InlineData("https://berth.example.com", "berth.example.com",
        "BERTH_PORTS_DOMAIN must not be the host of BERTH_URL or above it: what codespaces serve could set cookies for it")]
    [InlineData("https://berth.example.com", "EXAMPLE.com",
        "BERTH_PORTS_DOMAIN must not be the host of BERTH_URL or above it: what codespaces serve could set cookies for it")]
    [InlineData("https://berth.example.com", "localhost", "BERTH_PORTS_DOMAIN may be localhost only where BERTH_URL is loopback")]
    public void Ports_have_a_domain_apart(string url, string domain, string fault)
    {
        var exception = Assert.Throws<OptionsValidationException>(
            () => BerthApplication.Build([$"--BERTH_URL={url}", $"--BERTH_PORTS_DOMAIN={domain}"]));
        Assert.Equal([fault], exception.Failures);
    }

    [Fact]
    public async Task A_variable_wins_over_the_section_and_an_empty_value_is_none()
    {
        await using var app = BerthApplication.Build(
            [
                "--Berth:BlobGraceHours=5", "--BERTH_BLOB_GRACE_HOURS=6.5", "--Berth:UploadLifetimeHours=7",
                "--BERTH_UPLOAD_LIFETIME_HOURS=",
                "--Berth:DockerHost=", "--BERTH_NOBODY_KNOWS=it",
            ]);
        var retention = app.Services.GetRequiredService<RetentionOptions>();
        Assert.Equal((6.5, 7, 30), (retention.BlobGraceHours, retention.UploadLifetimeHours, retention.DeletedRetentionDays));
        Assert.Equal(new CodespaceOptions().DockerHost, app.Services.GetRequiredService<CodespaceOptions>().DockerHost);
    }

    /// <summary>A class that is not listed would never be read, and a name that two settings share would set both.</summary>
    [Fact]
    public void Every_class_with_settings_is_read_and_every_setting_has_a_name_of_its_own()
    {
        var classes = typeof(BerthApplication).Assembly.GetTypes()
            .Where(type => type.GetProperties().Any(property => property.IsDefined(typeof(SettingAttribute), inherit: false)));
        Assert.Equal(
            classes.Select(type => type.FullName).Order(StringComparer.Ordinal),
            AllSettings.Classes.Select(one => one.Type.FullName).Order(StringComparer.Ordinal));
        var names = AllSettings.Classes.SelectMany(one => one.Settings).Select(setting => setting.Name).ToArray();
        Assert.Equal(names.Distinct(StringComparer.OrdinalIgnoreCase), names);
        Assert.Empty(
            AllSettings.Classes.SelectMany(one => one.Type.GetProperties().Where(property => property.CanWrite).Except(one.Settings)));
    }

    [Theory]
    [InlineData("BERTH_SPARSE_INDEXES", "BERTH_SPARSE_MANIFESTS")]
    [InlineData("Berth:SparseIndexes", "Berth:SparseManifests")]
    public void A_setting_that_was_renamed_ends_the_start_with_its_new_name(string old, string now)
    {
        var exception = Assert.Throws<OptionsValidationException>(() => BerthApplication.Build([$"--{old}=true"]));
        Assert.Equal([$"{old} is called {now} now"], exception.Failures);
    }

    [Theory]
    [InlineData("http://localhost:5000")]
    [InlineData("https://127.0.0.1")]
    public void Subdomains_need_a_name(string url)
    {
        var exception = Assert.Throws<OptionsValidationException>(
            () => BerthApplication.Build([$"--BERTH_URL={url}", "--BERTH_SUBDOMAINS=true"]));
        Assert.Equal(["BERTH_SUBDOMAINS needs a DNS name in BERTH_URL, not an address or localhost"], exception.Failures);
    }
}
