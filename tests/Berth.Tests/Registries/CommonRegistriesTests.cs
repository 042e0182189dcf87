using Berth.Server.Registries;

namespace Berth.Tests.Registries;

/// <summary>What people write into the SERVER secret for common registries, and for which images it then counts.</summary>
public sealed class CommonRegistriesTests
{
    [Theory]
    [InlineData("https://index.docker.io/v1/", "busybox", true)]
    [InlineData("https://index.docker.io/v1/", "acme/app:1", true)]
    [InlineData("https://index.docker.io/v1/", "docker.io/acme/app:1", true)]
    [InlineData("index.docker.io:443/v1", "registry-1.docker.io/acme/app", true)]
    [InlineData("docker.io", "index.docker.io/acme/app", true)]
    [InlineData("Docker.io/acme", "acme/app", true)]
    [InlineData("docker.io/acme", "busybox", false)]
    [InlineData("docker.io/library", "busybox", true)]
    [InlineData("docker.io", "ghcr.io/acme/app", false)]
    [InlineData("docker.io:5000", "acme/app", false)]
    [InlineData("ghcr.io", "ghcr.io/acme/app", true)]
    [InlineData("https://GHCR.IO/", "GHCR.io/acme/app:1", true)]
    [InlineData("ghcr.io", "ghcr.io.evil.example/acme/app", false)]
    [InlineData("mycompany.azurecr.io", "mycompany.azurecr.io/acme/app", true)]
    [InlineData(" https://MyCompany.azurecr.io/v2/ \n", "mycompany.azurecr.io/app", true)]
    [InlineData("mycompany.azurecr.io", "mycompany2.azurecr.io/app", false)]
    [InlineData("mycompany.azurecr.io", "other.azurecr.io/app", false)]
    [InlineData("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1", true)]
    [InlineData("https://123456789012.dkr.ecr.eu-west-1.amazonaws.com", "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1", false)]
    [InlineData("public.ecr.aws", "public.ecr.aws/acme/app", true)]
    [InlineData("gcr.io", "gcr.io/project/app", true)]
    [InlineData("gcr.io", "eu.gcr.io/project/app", false)]
    [InlineData("eu.gcr.io", "eu.gcr.io/project/app", true)]
    [InlineData("us.gcr.io/project", "us.gcr.io/project/app", true)]
    [InlineData("us.gcr.io/project", "us.gcr.io/project2/app", false)]
    [InlineData("asia.gcr.io", "asia.gcr.io/project/app@sha256:0000000000000000000000000000000000000000000000000000000000000000", true)]
    [InlineData("https://europe-docker.pkg.dev", "europe-docker.pkg.dev/project/repo/app:1", true)]
    [InlineData("europe-docker.pkg.dev/project/repo", "europe-docker.pkg.dev/project/repo/app:1", true)]
    [InlineData("europe-docker.pkg.dev/project/repo", "europe-docker.pkg.dev/project/repository/app:1", false)]
    [InlineData("europe-west1-docker.pkg.dev", "europe-docker.pkg.dev/project/repo/app:1", false)]
    [InlineData("registry.gitlab.com/acme", "registry.gitlab.com/acme/tools/app", true)]
    [InlineData("quay.io", "quay.io/acme/app", true)]
    [InlineData("registry.example.org:5000", "registry.example.org:5000/app", true)]
    [InlineData("registry.example.org:5000", "registry.example.org/app", false)]
    [InlineData("registry.example.org", "registry.example.org:5000/app", false)]
    [InlineData("registry.example.org", "registry.example.org:443/app", true)]
    [InlineData("https://registry.example.org:443/v2/", "registry.example.org/app", true)]
    [InlineData("[2001:DB8::1]:5000", "[2001:db8:0:0::1]:5000/app", true)]
    [InlineData("http://[::1]:5000/", "[::1]:5000/acme/app", true)]
    [InlineData("[::1]:5000", "[::1]/acme/app", false)]
    [InlineData("localhost:5000", "localhost:5000/app", true)]
    [InlineData("localhost:5000", "127.0.0.1:5000/app", false)]
    [InlineData("\"ghcr.io\"", "ghcr.io/acme/app", true)]
    public void A_set_counts_for_the_images_of_its_registry_alone(string server, string image, bool counts)
    {
        var resolved = ResolveLogins.From(new[] { ("Server", server), ("USER", "ada"), ("password", "secret") }.Select(
            part => new RegistrySecret(
                "acr_container_REGISTRY_" + part.Item1, SecretLevel.User, SecretReach.Visible, part.Item2, Version: 1)));
        Assert.Equal("ACR", Assert.Single(resolved.Counting).Prefix);
        Assert.Equal(counts, resolved.ForImage(TestImage.Of(image)) is not null);
    }
}
