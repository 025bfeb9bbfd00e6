"""Certificates of a whole public key infrastructure for Plug & Charge, fresh, for tests at home.

    .peers/iso15118/bin/python tools/iso15118/certificates.py FOLDER [--emaid IT9VETC00001X]

Four chains of two authorities each on the curve of ISO 15118-2 (secp256r1): the station's and the
provisioner's below the V2G root, the car maker's and the contract's below roots of their own. Names
of files are those that the library looks for. Keys lie there in the open: nothing for a street.
"""

import argparse
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

VALID = timedelta(days=60)
EARLIER = timedelta(hours=1)
"""Clocks of two machines differ."""
CHAINS = (
    ("v2gRootCA", "cpoSubCA1", "cpoSubCA2", "seccLeaf", "SECCCert", "CPO"),
    ("v2gRootCA", "cpsSubCA1", "cpsSubCA2", "cpsLeaf", "CPSCert", "CPS"),
    ("oemRootCA", "oemSubCA1", "oemSubCA2", "oemLeaf", "OEMProvCert", "OEM"),
    ("moRootCA", "moSubCA1", "moSubCA2", "contractLeaf", "", "MO"),
)
BUNDLES = {"seccLeaf": "cpoCertChain", "oemLeaf": "oemCertChain"}
PASSWORDS = ("seccLeaf", "oemLeaf", "contractLeaf", "cpsLeaf", "moSubCA2Leaf")


class Authority:
    """A certificate with its key, able to sign the next one."""

    def __init__(self, name, domain, above, *, path_length, is_leaf=False):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, name),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "vettura"),
                x509.NameAttribute(NameOID.COUNTRY_NAME, "IT"),
                x509.NameAttribute(NameOID.DOMAIN_COMPONENT, domain),
            ]
        )
        self.certificate = self._signed(above or self, path_length=path_length, is_leaf=is_leaf)

    def _signed(self, above, *, path_length, is_leaf):
        now = datetime.now(UTC)
        constraints = x509.BasicConstraints(ca=not is_leaf, path_length=path_length)
        own = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
        theirs = x509.AuthorityKeyIdentifier.from_issuer_public_key(above.key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(above.name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number() >> 96)
            .not_valid_before(now - EARLIER)
            .not_valid_after(now + VALID)
            .add_extension(constraints, critical=True)
            .add_extension(_usage(is_leaf=is_leaf), critical=True)
            .add_extension(own, critical=False)
            .add_extension(theirs, critical=False)
            .sign(above.key, hashes.SHA256())
        )

    def pem(self):
        """The certificate as text."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def der(self):
        """The certificate as bytes."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def key_pem(self):
        """Its key, unprotected."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


def _usage(*, is_leaf):
    return x509.KeyUsage(
        digital_signature=is_leaf,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=is_leaf,
        key_cert_sign=not is_leaf,
        crl_sign=not is_leaf,
        encipher_only=False,
        decipher_only=False,
    )


def make(folder, emaid):
    """Write every chain below `folder`, which the library is given as PKI_PATH."""
    certificates = Path(folder) / "iso15118_2" / "certs"
    keys = Path(folder) / "iso15118_2" / "private_keys"
    for place in (certificates, keys):
        place.mkdir(parents=True, exist_ok=True)
    roots = {}
    for root_name, first_name, second_name, leaf_name, common, domain in CHAINS:
        root = roots.get(root_name) or Authority(root_name, "V2G", None, path_length=None)
        roots[root_name] = root
        first = Authority(first_name, domain, root, path_length=1)
        second = Authority(second_name, domain, first, path_length=0)
        leaf = Authority(common or emaid, domain, second, path_length=None, is_leaf=True)
        chain = {root_name: root, first_name: first, second_name: second, leaf_name: leaf}
        for name, authority in chain.items():
            (certificates / f"{name}Cert.pem").write_bytes(authority.pem())
            (certificates / f"{name}Cert.der").write_bytes(authority.der())
            (keys / f"{name}.key").write_bytes(authority.key_pem())
        if leaf_name in BUNDLES:
            bundle = b"".join(each.pem() for each in (leaf, second, first))
            (certificates / f"{BUNDLES[leaf_name]}.pem").write_bytes(bundle)
    for name in PASSWORDS:
        (keys / f"{name}Password.txt").write_text("")


def main():
    """Make them where it was told."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--emaid", default="ITVETC00000001", help="the contract's number")
    options = parser.parse_args()
    make(options.folder, options.emaid)
    return 0


if __name__ == "__main__":
    sys.exit(main())
