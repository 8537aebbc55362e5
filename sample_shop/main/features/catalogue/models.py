"""Products and their stock."""

from django.db import models
from django.urls import reverse


class Category(models.TextChoices):
    KITCHEN = "kitchen", "Kitchen"
    HOME = "home", "Home"
    OUTDOORS = "outdoors", "Outdoors"
    CLOTHING = "clothing", "Clothing"


class Product(models.Model):
    """Something on the shelf. `restock_to` is how full the supplier keeps the shelf; 0 = a limited edition."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    name_ru = models.CharField(max_length=80)
    category = models.CharField(max_length=20, choices=Category.choices)
    description = models.TextField()
    price_cents = models.PositiveIntegerField()
    motif = models.SlugField(help_text="Name of the drawing in templates/catalogue/motifs/.")
    stock = models.PositiveIntegerField()
    restock_to = models.PositiveIntegerField()
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "slug"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("product", args=[self.slug])

    @property
    def motif_template(self) -> str:
        return f"catalogue/motifs/{self.motif}.svg"

    @property
    def is_sold_out(self) -> bool:
        return self.stock == 0

    @property
    def is_nearly_gone(self) -> bool:
        return 0 < self.stock <= 5
